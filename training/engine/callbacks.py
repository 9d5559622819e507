"""Carries the trainer's progress into `events.jsonl`, seals its checkpoints, keeps the best and obeys orders."""

import math
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from training.engine import checkpoints
from training.engine.best import keep_if_best
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog
from training.engine.lossrise import LossRise
from training.engine.rundir import RunDir, is_main_process
from training.engine.stopping import Stop
from training.engine.weights import require_finite


class RunCallback(TrainerCallback):
    """One for an attempt. A loss is told every `logging_steps`; `seconds` is the mean of a step since the last."""

    def __init__(self, run: RunDir, events: EventLog, stop: Stop, made_of: Mapping[str, Any], keep: int) -> None:
        """`made_of` goes into the seal of every checkpoint; `keep` of them stay."""
        self._run, self._events, self._stop, self._made_of, self._keep = run, events, stop, made_of, keep
        self._since, self._steps = time.monotonic(), 0
        self._rises = {"loss": LossRise("loss", 3), "eval_loss": LossRise("validation loss", 1)}
        self.stepping = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock after everything is loaded."""
        self._since, self._steps = time.monotonic(), 0

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """From here on a failure is the training's, not that of the checkpoint that it went on from."""
        self.stepping = True

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """The one place where a run stops early: with a checkpoint, with its best adapter, or with neither."""
        self._steps += 1
        self._beat()
        reason = _agreed(self._stop.reason if self._stop.reason is not None else self._run.order())
        if reason is not None:
            self._stop.request(reason)
            control.should_training_stop = True
            # What is there now may be the best.
            control.should_evaluate = reason is Exit.OK and args.eval_strategy != "no"
            control.should_save = reason not in {Exit.CANCELLED, Exit.OK}
        if control.should_save:
            require_finite(kwargs["model"])

    def on_substep_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """A part of a step is a sign of life, too."""
        self._beat()

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """So is a batch of the validation."""
        self._beat()

    def _beat(self) -> None:
        if is_main_process():
            self._run.beat()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A loss, of training or of validation, becomes an event. A loss that is no number ends the run."""
        logs = logs or {}
        if "loss" in logs:
            self._emit_step(state, logs)
            self._look_at("loss", logs["loss"], state.global_step)
        elif "eval_loss" in logs:
            self._events.emit(
                "evaluation",
                step=state.global_step,
                total_steps=state.max_steps,
                epoch=state.epoch,
                eval_loss=logs["eval_loss"],
                token_accuracy=logs.get("eval_mean_token_accuracy"),
                seconds=logs.get("eval_runtime"),
                **{name: logs[f"eval_{name}"] for name in ("accuracy", "micro_f1") if f"eval_{name}" in logs},
            )
            self._look_at("eval_loss", logs["eval_loss"], state.global_step)
            self._since, self._steps = time.monotonic(), 0

    def _look_at(self, name: str, loss: float, step: int) -> None:
        if not math.isfinite(loss):
            raise EngineError(f"The loss is no number any more at step {step}. Lower the learning rate.")
        said = self._rises[name].said(step, loss)
        if said:
            self._events.emit("warning", message=said, step=step)

    def _emit_step(self, state: TrainerState, logs: dict[str, Any]) -> None:
        now = time.monotonic()
        self._events.emit(
            "step",
            step=state.global_step,
            total_steps=state.max_steps,
            epoch=state.epoch,
            loss=logs["loss"],
            learning_rate=logs.get("learning_rate"),
            grad_norm=logs.get("grad_norm"),
            token_accuracy=logs.get("mean_token_accuracy"),
            tokens=state.num_input_tokens_seen,
            seconds=round((now - self._since) / max(1, self._steps), 3),
        )
        self._since, self._steps = now, 0

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep the adapter where it is the best so far: checkpoints come at other steps, and go."""
        if is_main_process() and metrics and "eval_loss" in metrics:
            keep_if_best(self._run, kwargs["model"], state.global_step, metrics["eval_loss"])
        self._since, self._steps = time.monotonic(), 0

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Seal the checkpoint that the trainer has just written; only then may an older one go."""
        if not is_main_process():
            return
        checkpoint = Path(str(args.output_dir)) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
        checkpoints.seal(checkpoint, self._made_of)
        for older in checkpoints.all_of(checkpoint.parent)[self._keep :]:
            shutil.rmtree(older)
        self._events.emit("checkpoint", step=state.global_step, path=f"checkpoints/{checkpoint.name}")
        self._since, self._steps = time.monotonic(), 0


def _agreed(reason: Exit | None) -> Exit | None:
    """The first process decides for all: stopping at different steps would leave the others waiting for ever."""
    import torch

    if not torch.distributed.is_initialized() or torch.distributed.get_world_size() == 1:
        return reason
    decision = [reason]
    torch.distributed.broadcast_object_list(decision)
    return decision[0]
