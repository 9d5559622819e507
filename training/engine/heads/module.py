"""The head itself, where the base has its output layer: whatever goes over a model's logits goes over it as well."""

from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import linear

if TYPE_CHECKING:
    from transformers import PreTrainedModel

WEIGHTS = "head.safetensors"


class Head(torch.nn.Linear):
    """A score for each label, in float32 whatever is rounded around it."""

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """`given` (..., hidden size) to (..., labels)."""
        with torch.autocast(given.device.type, enabled=False):
            return linear(given.float(), self.weight.float(), self.bias.float())


def put_head(model: "PreTrainedModel", labels: int, seed: int) -> str:
    """Put a fresh head on `model`; the name by which PEFT trains and keeps it."""
    before = model.get_output_embeddings()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    name = next(name for name, module in model.named_modules() if module is before)
    head = Head(model.config.get_text_config().hidden_size, labels, device=model.device, dtype=torch.float32)
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        head.weight.copy_(torch.randn(head.weight.shape, generator=chance) * 0.02)
        head.bias.zero_()
    model.set_output_embeddings(head)  # type: ignore[no-untyped-call]  # as above
    # The embedding is no head any more.
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = False
    return str(name).rpartition(".")[2]


def head_of(model: Any) -> Head:
    """The head of a model with an adapter, which trains a copy of its own."""
    found = model.get_base_model().get_output_embeddings()
    kept: Head = found.modules_to_save[model.active_adapter]
    return kept
