"""Does a merged model say what base and adapter said? Asked after each merge, on prompts of the run.

Weights that are shared (tied embeddings), written in another form or lost in writing make another model, and every
later proof holds what is served against the merged one.
"""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from training.engine.chat import render, token_ids
from training.engine.errors import EngineError
from training.engine.files import read_jsonl
from training.engine.marks import broken, marks_of
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PROMPTS = 8
# Tokens of a prompt: any beginning tells two models apart, and a long one takes minutes on a CPU.
_LONGEST = 256
# Of the logits' own spread: what rounding of 16-bit weights and products may come to.
_ROUNDING = 0.05


def prompts_of(run: RunDir, tokenizer: "PreTrainedTokenizerBase") -> list[list[int]]:
    """The first ids of a few prompts of the run, of its validation rows where there are some."""
    rows = [row for path in (run.validation, run.train) if path.is_file() for row in islice(read_jsonl(path), PROMPTS)]
    marks = marks_of(tokenizer)
    texts = (render(tokenizer, broken(row["prompt"], marks)) for row in rows[:PROMPTS])
    return [token_ids(tokenizer, text)[:_LONGEST] for text in texts]


@dataclass(frozen=True)
class Witness:
    """The next token's logits after each prompt, (prompts, vocabulary): of the base alone, and with its adapter."""

    prompts: list[list[int]]
    bare: "torch.Tensor"
    adapted: "torch.Tensor"

    @classmethod
    def of(cls, model: "PeftModel", prompts: list[list[int]]) -> "Witness":
        """Ask base and adapter, before they are merged."""
        with model.disable_adapter():
            bare = _logits(model, prompts)
        return cls(prompts, bare, _logits(model, prompts))

    def agreement(self, merged: "PreTrainedModel") -> dict[str, Any]:
        """The figures of a merge that holds. Raises `EngineError` where the merged model is another one.

        It is another one where it differs by more than rounding, and by half of what the adapter changes: the same
        bound finds an adapter that was not merged at all.
        """
        found = _logits(merged, self.prompts)
        spread = float(self.adapted.std(dim=-1).mean())
        effect, difference = _rms(self.adapted - self.bare), _rms(found - self.adapted)
        figures = {
            "prompts": len(self.prompts),
            "difference": round(difference, 4),
            "effect": round(effect, 4),
            "same_token": int((found.argmax(-1) == self.adapted.argmax(-1)).sum()),
        }
        if not difference <= max(_ROUNDING * spread, effect / 2):  # also where it is no number
            raise EngineError(
                f"The merged model is not what was trained: on {len(self.prompts)} prompts its logits differ from "
                f"those of base and adapter by {difference:.2f}, where the adapter changes them by {effect:.2f}. The "
                "weights that the adapter targets are shared, or lost in writing: train with other target_modules."
            )
        return figures


def _logits(model: Any, prompts: list[list[int]]) -> "torch.Tensor":
    import torch

    model.eval()
    with torch.inference_mode():
        rows = [model(torch.tensor([ids], device=model.device), use_cache=False).logits[0, -1] for ids in prompts]
    return torch.stack(rows).float()


def _rms(values: "torch.Tensor") -> float:
    """Without what moves all logits alike, which changes no answer."""
    return float((values - values.mean(dim=-1, keepdim=True)).square().mean().sqrt())
