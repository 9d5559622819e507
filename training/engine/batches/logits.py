"""Logits where they are asked for, and nowhere else.

With a vocabulary of 49,152 the logits of prompts are most of a step's memory and a third of its time, and the loss
never looks at them. `logits_to_keep` of transformers takes columns, and so keeps what any row of the batch needs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def logits_at(
    model: "torch.nn.Module",
    inputs: dict[str, Any],
    positions: "torch.Tensor",
    base: "PreTrainedModel | None" = None,
) -> "torch.Tensor":
    """Logits (positions, vocabulary) at `positions`, counted through all rows of the batch, one after the other.

    `base`: the model proper where `model` is a wrapper around it. The hidden states are chosen on their way into the
    output layer, so what an architecture does behind it (scaling, soft caps) is done as ever.
    """
    head = (base or model).get_output_embeddings()  # type: ignore[operator]  # of a model, not of any module

    def choose(layer: "torch.nn.Module", given: tuple["torch.Tensor"]) -> tuple["torch.Tensor"]:
        hidden = given[0].flatten(0, 1)
        return (hidden.index_select(0, positions.to(hidden.device)),)

    handle = head.register_forward_pre_hook(choose)
    try:
        logits: torch.Tensor = model(**inputs, use_cache=False).logits
    finally:
        handle.remove()
    return logits
