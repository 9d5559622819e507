"""TRL's SFT trainer with a loss that computes logits only at the answers' positions, over flat or padded rows.

On CUDA TRL's own loss does the same by a kernel of its own, which makes no logits at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from datasets import Dataset
from torch.nn.functional import cross_entropy, pad
from torch.utils.data import Sampler
from transformers.trainer_utils import EvalLoopOutput
from trl.trainer.sft_trainer import SFTTrainer

from training.engine.answering import Answering
from training.engine.batches.blocks import rounded_up
from training.engine.batches.collate import collate_flat
from training.engine.batches.grouping import LikeLengths
from training.engine.batches.layout import Layout
from training.engine.batches.logits import logits_at
from training.engine.best import Evaluation
from training.engine.data import IGNORED
from training.engine.figure import Parts
from training.engine.rundir import RunDir, is_main_process
from training.engine.validated import keep

ANSWERS_STEP = 16


@dataclass(frozen=True)
class Outcome:
    """What a run leaves beside its adapter: figures, entries of the manifest, and tensors by file of the adapter."""

    figures: dict[str, float] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, dict[str, torch.Tensor]] = field(default_factory=dict)


class AnswerLossTrainer(SFTTrainer):
    """Same loss, same gradients, fewer logits. Batches are made for the model's `layout`."""

    def __init__(
        self, *, layout: Layout, answering: Answering | None = None, run: RunDir | None = None, **options: Any
    ) -> None:
        """`answering` puts the validation rows to the model at each evaluation; how they were answered `run` keeps."""
        self.layout, self.answering, self.run = layout, answering, run
        super().__init__(data_collator=collate_flat if layout.flat else None, **options)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The summed negative log-likelihood of the answers' tokens over `num_items_in_batch` (default: their number).

        `inputs`: `input_ids` and `labels`, each (rows, tokens), with `attention_mask`, or those of a flat row.
        """
        inputs = {key: value for key, value in inputs.items() if key != "rests"}
        labels = inputs["labels"]
        if return_outputs or self.aux_loss_enabled or labels.device.type == "cuda":
            plain = super().compute_loss
            return plain(model, inputs, return_outputs, num_items_in_batch)  # type: ignore[no-untyped-call]  # as in TRL
        del inputs["labels"]
        # The label of a position is the next token; the last one of a row has none, its row's end or the next's prompt.
        following = pad(labels[:, 1:], (0, 1), value=IGNORED).flatten()
        positions = (following != IGNORED).nonzero().flatten()
        answers = len(positions)
        # Rounded up, for the sake of the kernels (see `STEP`), by the last position of all, which has no next token.
        positions = pad(positions, (0, rounded_up(answers, ANSWERS_STEP) - answers), value=len(following) - 1)
        scores, wanted = logits_at(model, inputs, positions, self._base()).float(), following[positions]
        loss = cross_entropy(scores, wanted, reduction="sum", ignore_index=IGNORED)
        loss = loss / (answers if num_items_in_batch is None else num_items_in_batch)
        mode = "train" if model.training else "eval"
        hits = (scores.detach().argmax(-1) == wanted).float().sum() / answers
        self._metrics[mode]["mean_token_accuracy"].append(hits.item())
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            # The count is of all processes, and their gradients are averaged.
            loss = loss * self.accelerator.num_processes
        return loss

    def evaluate(self, *args: Any, **options: Any) -> dict[str, float]:
        """As ever, without a trace: even the order of its batches would draw random numbers that the steps draw."""
        with torch.random.fork_rng():
            found: dict[str, float] = super().evaluate(*args, **options)
        return found

    def evaluation_loop(self, *args: Any, metric_key_prefix: str = "eval", **options: Any) -> Any:
        """The loss, and beside it the figure of the answers."""
        options["metric_key_prefix"] = metric_key_prefix
        output: EvalLoopOutput = super().evaluation_loop(*args, **options)
        if self.answering is not None and output.metrics is not None:
            model = self.accelerator.unwrap_model(self.model)
            output.metrics[f"{metric_key_prefix}_figure"] = self.answering.figure(model, self.accelerator.autocast)
            self.keep_parts(self.answering.parts)
        return output

    def keep_parts(self, parts: Mapping[int, Parts]) -> None:
        """How the rows were answered at this evaluation."""
        if self.run is not None and is_main_process():
            keep(self.run, parts)

    def outcome(self, best: Evaluation | None) -> Outcome:
        """Nothing more: the adapter is all. `best`: how the weights that are kept were judged, where they were."""
        return Outcome()

    def _base(self) -> Any:
        base = self.accelerator.unwrap_model(self.model)
        return base.get_base_model() if hasattr(base, "get_base_model") else base

    def _get_train_sampler(self, train_dataset: Any = None) -> "Sampler[int] | None":
        """Rows of like length together, where a batch is padded to its longest."""
        if self.layout.flat:
            return super()._get_train_sampler(train_dataset)
        assert isinstance(self.train_dataset, Dataset)
        lengths = [len(row) for row in self.train_dataset["input_ids"]]
        # By the rows of an update, so that fewer rows at once, where memory ran out, leave their order as it was.
        update = self.args.train_batch_size * self.args.gradient_accumulation_steps
        return LikeLengths(lengths, update, self.args.seed)

    def _track_num_input_tokens(self, inputs: dict[str, Any]) -> None:
        """Tokens that were learnt from: padding is none, and a shared prefix counts for each row that has it."""
        blocks = inputs.get("blocks")
        tokens = inputs["attention_mask"].sum() if blocks is None else torch.tensor(blocks.useful)
        self.state.num_input_tokens_seen += int(self.accelerator.gather(tokens.to(self.args.device)).sum())
