"""Weights that autocast rounds at every use are kept rounded: half the memory, and not one bit of difference."""

import pytest
import torch
from peft import LoraConfig, get_peft_model

from tests.training.engine.architectures import make
from training.engine.weights import round_linears

pytestmark = pytest.mark.ml

IDS = torch.arange(3, 40).unsqueeze(0)


def gradient(tied: bool, rounded: bool) -> tuple[torch.Tensor, list[torch.Tensor], int]:
    model = make("llama", {"tie_word_embeddings": tied})
    if rounded:
        round_linears(model)
    stored = sum(each.numel() * each.element_size() for each in (*model.parameters(), *model.buffers()))
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    chance = torch.Generator().manual_seed(1)
    trained = [weight for weight in adapted.parameters() if weight.requires_grad]
    for weight in trained:
        weight.data = torch.randn(weight.shape, generator=chance) * 0.1
    with torch.autocast("cpu", torch.bfloat16):
        loss = adapted(input_ids=IDS, labels=IDS).loss
    loss.backward()
    return loss.detach(), [weight.grad for weight in trained if weight.grad is not None], stored


@pytest.mark.parametrize("tied", [True, False])
def test_no_bit_differs(tied: bool) -> None:
    loss, gradients, stored = gradient(tied, rounded=True)
    other, others, before = gradient(tied, rounded=False)
    assert loss == other
    assert len(gradients) == len(others) > 0
    assert all(torch.equal(mine, plain) for mine, plain in zip(gradients, others, strict=True))
    assert stored < (1.0 if tied else 0.7) * before  # a tied head is as large as the rest of so small a model


def test_a_shared_embedding_stays_whole_and_is_counted_once() -> None:
    model = make("llama", {"tie_word_embeddings": True})
    embedding, parameters = model.get_input_embeddings().weight.clone(), model.num_parameters()
    round_linears(model)
    assert torch.equal(model.get_input_embeddings().weight, embedding)
    assert model.get_output_embeddings().weight.dtype == torch.bfloat16
    assert sum(weight.numel() for weight in model.parameters()) == parameters
