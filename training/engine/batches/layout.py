"""Which way a model's batches lie. What a model can is tried on it, not looked up in a list of architectures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.engine.batches.blocks import Blocks

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

# On a CPU the backward pass of SDPA is slow; eager attention is quicker until its softmax over the whole square is most
# of the work.
EAGER_UP_TO = 1024
# What is tried: a prefix, then rests of unequal length.
TRIED = Blocks(5, (7, 4, 9))
# Relative to the logits: far above rounding in 16 bits, far below what a token too many or too few does.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Layout:
    """How the batches of a run lie, by which attention the model goes over them, and why they are not flat."""

    attention: str
    refused: str | None = None

    @property
    def flat(self) -> bool:
        """Rows behind one another in a single row; padded to the longest one otherwise."""
        return self.refused is None


def choose_layout(model: "PreTrainedModel", longest: int) -> Layout:
    """Set the attention of `model` to the quickest way that gives its own answers, for rows up to `longest` tokens."""
    from training.engine.batches.attention import FLAT, register

    register()
    before = model.config._attn_implementation
    refused = _unsuited(model, longest) or _answers_otherwise(model, FLAT)
    if refused is None:
        return Layout(FLAT)
    if model.device.type == "cpu":
        before = "eager" if longest <= EAGER_UP_TO else "sdpa"
    model.set_attn_implementation(before)
    return Layout(before, refused)


def _answers_otherwise(model: "PreTrainedModel", attention: str) -> str | None:
    """What shows when short rows are asked in both ways; leaves the model with the attention that was tried."""
    try:
        expected = _logits_alone(model)
        model.set_attn_implementation(attention)
        difference = float((_logits_flat(model) - expected).norm() / expected.norm())
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        return f"the model does not take flat rows ({type(error).__name__}: {error})"
    if difference <= TOLERANCE:
        return None
    return f"the model answers flat rows otherwise than single ones (by {difference:.0%})"


def _unsuited(model: "PreTrainedModel", longest: int) -> str | None:
    """What a trial on short rows cannot see."""
    config = model.config.get_text_config()
    window = getattr(config, "sliding_window", None) or getattr(config, "attention_chunk_size", None)
    if window and longest > window:
        return f"rows are longer than the model's sliding window of {window} tokens"
    if getattr(config, "attention_dropout", 0.0):
        return "the model has dropout in its attention"
    return None


def _logits_alone(model: "PreTrainedModel") -> "torch.Tensor":
    """Logits at the end of each tried row, asked alone by the model's own attention."""
    import torch

    prefix, *rests = _tried_ids(model)
    with torch.no_grad(), _autocast(model):
        rows = [model(input_ids=torch.cat([prefix, rest]).unsqueeze(0), use_cache=False).logits for rest in rests]
    return torch.stack([row[0, -1] for row in rows]).float()


def _logits_flat(model: "PreTrainedModel") -> "torch.Tensor":
    import torch

    from training.engine.batches.collate import flat_inputs
    from training.engine.batches.logits import logits_at

    ids = torch.nn.functional.pad(torch.cat(_tried_ids(model)), (0, TRIED.filling)).unsqueeze(0)
    inputs = {key: each.to(ids.device) if hasattr(each, "to") else each for key, each in flat_inputs(TRIED).items()}
    ends = torch.tensor([end - 1 for _, end in TRIED.spans], device=ids.device)
    with torch.no_grad(), _autocast(model):
        return logits_at(model, {"input_ids": ids, **inputs}, ends).float()


def _tried_ids(model: "PreTrainedModel") -> list["torch.Tensor"]:
    import torch

    chance = torch.Generator().manual_seed(0)
    size = model.config.get_text_config().vocab_size
    ids = torch.randint(size, (TRIED.tokens,), generator=chance).to(model.device)
    return [ids[: TRIED.prefix], *(ids[start:end] for start, end in TRIED.spans)]


def _autocast(model: "PreTrainedModel") -> "torch.autocast":
    """Products in one dtype, whatever the weights' are."""
    import torch

    mixed = any(weight.dtype == torch.bfloat16 for weight in model.parameters())
    return torch.autocast(model.device.type, torch.bfloat16, enabled=mixed)
