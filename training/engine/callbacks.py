"""Carries the trainer's progress into `events.jsonl`, seals its checkpoints and obeys orders."""

import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from training.engine import checkpoints
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog
from training.engine.rundir import RunDir, is_main_process
from training.engine.stopping import Stop


class RunCallback(TrainerCallback):
    """One for a run. Events of the loss come every `logging_steps`; `seconds` is the mean of a step since the last."""

    def __init__(self, run: RunDir, events: EventLog, stop: Stop) -> None:
        self._run, self._events, self._stop = run, events, stop
        self._since, self._steps = time.monotonic(), 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock after everything is loaded."""
        self._since, self._steps = time.monotonic(), 0

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """The one place where a run stops early: with a checkpoint, or without one where it is cancelled."""
        self._steps += 1
        reason = _agreed(self._stop.reason or self._run.order())
        if reason is not None:
            self._stop.request(reason)
            control.should_training_stop = True
            control.should_evaluate = False
            control.should_save = reason is not Exit.CANCELLED

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
            if not math.isfinite(logs["loss"]):
                raise EngineError(
                    f"The loss is no number any more at step {state.global_step}. Lower the learning rate."
                )
        elif "eval_loss" in logs:
            self._events.emit(
                "evaluation",
                step=state.global_step,
                total_steps=state.max_steps,
                epoch=state.epoch,
                eval_loss=logs["eval_loss"],
                token_accuracy=logs.get("eval_mean_token_accuracy"),
                seconds=logs.get("eval_runtime"),
            )
            self._since, self._steps = time.monotonic(), 0

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

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Seal the checkpoint that the trainer has just written."""
        if not is_main_process():
            return
        checkpoint = Path(str(args.output_dir)) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
        checkpoints.seal(checkpoint)
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
