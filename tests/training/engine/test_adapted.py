"""A layer and its adapter as one function: PEFT's own result and gradient, and PEFT's own way where more is asked."""

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from tests.training.engine.architectures import make
from training.engine.adapted import _Joined, join_adapters

pytestmark = pytest.mark.ml

IDS = torch.arange(3, 40).unsqueeze(0)


def adapted(*, joined: bool, **options: object) -> PeftModel:
    config = LoraConfig(r=4, lora_alpha=6, target_modules="all-linear", task_type="CAUSAL_LM", **options)
    model = get_peft_model(make("qwen2", {}), config)  # its projections have biases
    chance = torch.Generator().manual_seed(1)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = torch.randn(weight.shape, generator=chance) * 0.1
    if joined:
        join_adapters(model, share=True)
    return model.train()


def gradient(model: PeftModel, bf16: bool) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = model(input_ids=IDS, labels=IDS).loss
    loss.backward()
    return torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None])


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[torch.dtype]:
    """The dtypes in which layers were computed jointly."""
    found: list[torch.dtype] = []
    apply = _Joined.apply
    monkeypatch.setattr(_Joined, "apply", lambda *given: found.append(given[0].dtype) or apply(*given))
    return found


@pytest.mark.parametrize(("bf16", "apart"), [(False, 1e-5), (True, 0.05)])
def test_gradients_are_those_of_peft(bf16: bool, apart: float, calls: list[torch.dtype]) -> None:
    mine = gradient(adapted(joined=True), bf16)
    assert calls == [torch.bfloat16 if bf16 else torch.float32] * 14
    exact = gradient(adapted(joined=False), bf16=False)
    assert float((mine - exact).norm() / exact.norm()) < apart


def test_dropout_is_left_to_peft(calls: list[torch.dtype]) -> None:
    gradient(adapted(joined=True, lora_dropout=0.1), bf16=False)
    assert calls == []


def test_a_disabled_or_merged_adapter_is_left_to_peft(calls: list[torch.dtype]) -> None:
    model = adapted(joined=True)
    with model.disable_adapter():
        bare = model(input_ids=IDS).logits
    assert torch.allclose(bare, make("qwen2", {})(input_ids=IDS).logits)
    expected = model(input_ids=IDS).logits
    calls.clear()
    model.merge_adapter()
    assert torch.allclose(model(input_ids=IDS).logits, expected, atol=1e-4)
    assert calls == []


def test_another_form_of_adapter_is_left_to_peft(
    calls: list[torch.dtype],
) -> None:
    gradient(adapted(joined=True, use_dora=True), bf16=False)
    assert calls == []


@pytest.mark.parametrize("name", ["qwen2", "olmo2"])
def test_activations_may_be_computed_again(name: str) -> None:
    """Olmo 2 gives a layer's own input to its projections, which is the very tensor that is kept and used again."""
    found = []
    for again in (False, True):
        model = get_peft_model(make(name, {}), LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
        if again:
            model.enable_input_require_grads()
            model.gradient_checkpointing_enable()
        chance = torch.Generator().manual_seed(1)
        for weight in model.parameters():
            if weight.requires_grad:
                weight.data = torch.randn(weight.shape, generator=chance) * 0.1
        join_adapters(model, share=False)
        found.append(gradient(model.train(), bf16=True))
    assert torch.allclose(*found)
