"""The trainer of a head: batches, order, checkpoints and schedule of any run, with a loss over labels."""

from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from training.engine.answer_loss import AnswerLossTrainer, Outcome
from training.engine.batches.logits import logits_at
from training.engine.best import Evaluation
from training.engine.data import IGNORED
from training.engine.figure import Parts
from training.engine.heads.figures import THRESHOLD, accuracy, best_threshold, chosen, probabilities
from training.engine.heads.module import WEIGHTS, head_of
from training.engine.heads.targets import Targets
from training.engine.validated import keep_scores


class HeadTrainer(AnswerLossTrainer):
    """Cross-entropy over the labels, or binary cross-entropy of each where a text may have several."""

    def __init__(self, *, targets: Targets, **options: Any) -> None:
        self.targets = targets
        self._wanted = torch.zeros(len(targets.answers), len(targets.labels), dtype=torch.bool)
        for number, places in enumerate(targets.answers):
            for place in places:
                self._wanted[number, place] = True
        self._seen: list[tuple[torch.Tensor, torch.Tensor]] = []
        super().__init__(**options)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The summed loss of the rows over `num_items_in_batch` (default: their number).

        `inputs` as in `AnswerLossTrainer`; the one label of a row is the number of its answer.
        """
        inputs = {key: value for key, value in inputs.items() if key != "rests"}
        labels = inputs.pop("labels").flatten()
        positions = (labels != IGNORED).nonzero().flatten()
        scores = logits_at(model, inputs, positions, self._base()).float()
        wanted = self._wanted.to(scores.device)[labels[positions]]
        loss = self._loss(scores, wanted) / (len(positions) if num_items_in_batch is None else num_items_in_batch)
        if not model.training:
            self._seen.append((scores.detach().cpu(), wanted.cpu()))
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            # The count is of all processes, and their gradients are averaged.
            loss = loss * self.accelerator.num_processes
        return (loss, {"logits": scores}) if return_outputs else loss

    def _loss(self, scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        if self.targets.several:
            return binary_cross_entropy_with_logits(scores, wanted.float(), reduction="sum")
        return cross_entropy(scores, wanted.int().argmax(-1), reduction="sum")

    def evaluation_loop(self, *args: Any, metric_key_prefix: str = "eval", **options: Any) -> Any:
        """The loss, and beside it the figure of the rows, with the threshold that it was reached by."""
        self._seen = []
        output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **options)
        output.metrics.update({f"{metric_key_prefix}_{name}": value for name, value in self._figures().items()})
        return output

    def _figures(self) -> dict[str, float]:
        """Of the validation rows that were just seen: accuracy, or the best micro-F1 and the threshold for it."""
        scores, wanted = (torch.cat(each) for each in zip(*self._seen, strict=True))
        if not self.targets.several:
            right = wanted.gather(1, scores.argmax(-1, keepdim=True)).flatten().tolist()
            self._keep([(float(each), 1.0, 1.0) for each in right], scores)
            return {"figure": accuracy(scores, wanted)}
        chances = probabilities(scores, several=True)
        threshold, figure = best_threshold(chances, wanted, self.targets.limit)
        given = chosen(chances, threshold, self.targets.limit)
        counts = torch.stack([(given & wanted).sum(-1), wanted.sum(-1), given.sum(-1)], dim=-1).tolist()
        self._keep([(float(both), float(right), float(told)) for both, right, told in counts], scores)
        return {"figure": figure, "threshold": threshold}

    def _keep(self, parts: list[Parts], scores: torch.Tensor) -> None:
        """In the order of the rows, which one process sees whole."""
        if self.accelerator.num_processes == 1:
            self.keep_parts(dict(enumerate(parts)))
            if self.run is not None:
                keep_scores(self.run, scores.numpy())

    def outcome(self, best: Evaluation | None) -> Outcome:
        """The head as it is now. What was not judged yet is, where there are validation rows."""
        figures: dict[str, float] = {}
        threshold = best.threshold if best else None
        if best is None and self.eval_dataset is not None:
            self.evaluation_loop(self.get_eval_dataloader(), "Outcome", prediction_loss_only=True)
            figures = self._figures()
            threshold = figures.pop("threshold", None)
        head = head_of(self.accelerator.unwrap_model(self.model))
        weights = {name: weight.detach().float().cpu().contiguous() for name, weight in head.named_parameters()}
        told: dict[str, Any] = {"labels": list(self.targets.labels), "several": self.targets.several}
        # Without validation rows nothing speaks for another one than a half.
        told |= {"threshold": THRESHOLD if threshold is None else threshold} if self.targets.several else {}
        return Outcome(figures, {"head": told}, {WEIGHTS: weights})
