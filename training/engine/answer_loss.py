"""TRL's SFT trainer with a loss that computes logits only at the answers' positions.

With a vocabulary of 49,152 and prompts of 150 tokens, logits of the prompts are most of a step's memory and a third of
its time, and the loss never looks at them. TRL skips them on CUDA by a kernel of its own; elsewhere it does not.
"""

import inspect
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from trl.trainer.sft_trainer import SFTTrainer

from training.engine.data import IGNORED


class AnswerLossTrainer(SFTTrainer):
    """Same loss, same gradients, fewer logits. Falls back to TRL's own loss where nothing would be gained."""

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The summed negative log-likelihood of the answers' tokens over `num_items_in_batch` (default: their number).

        `inputs`: `input_ids`, `attention_mask` and `labels`, each (rows, tokens).
        """
        positions = self._answer_positions(inputs["labels"])
        if return_outputs or positions is None:
            plain = super().compute_loss
            return plain(model, inputs, return_outputs, num_items_in_batch)  # type: ignore[no-untyped-call]  # as in TRL
        rest = {key: value for key, value in inputs.items() if key != "labels"}
        logits = model(**rest, use_cache=False, logits_to_keep=positions).logits
        targets = inputs["labels"][:, positions + 1]
        answered = targets != IGNORED
        scores, wanted = logits[answered].float(), targets[answered]
        count = wanted.numel() if num_items_in_batch is None else num_items_in_batch
        loss = cross_entropy(scores, wanted, reduction="sum") / count
        mode = "train" if model.training else "eval"
        hits = (scores.detach().argmax(-1) == wanted).float().mean()
        self._metrics[mode]["mean_token_accuracy"].append(hits.item())
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            # The count is of all processes, and their gradients are averaged.
            loss = loss * self.accelerator.num_processes
        return loss

    def _answer_positions(self, labels: torch.Tensor) -> torch.Tensor | None:
        """Columns whose next token some row's loss needs; None where TRL's own loss is as good or the only one."""
        if labels.device.type == "cuda" or not self._keeps_logits():
            return None
        positions = (labels[:, 1:] != IGNORED).any(dim=0).nonzero().flatten()
        if not 0 < len(positions) <= labels.shape[1] // 2:
            return None
        return positions

    def _keeps_logits(self) -> bool:
        """Whether the architecture can compute some of its logits."""
        base = self.accelerator.unwrap_model(self.model)
        base = base.get_base_model() if hasattr(base, "get_base_model") else base
        return "logits_to_keep" in inspect.signature(base.forward).parameters
