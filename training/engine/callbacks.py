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
from training.engine.best import evaluations_in, keep_if_best, waited
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog
from training.engine.lossrise import LossRise
from training.engine.phases import Phase
from training.engine.rundir import RunDir, is_main_process
from training.engine.stopping import Stop
from training.engine.weights import require_finite


class RunCallback(TrainerCallback):
    """One for an attempt. A loss is told every `logging_steps`; `seconds` is the mean of a step since the last."""

    def __init__(
        self,
        run: RunDir,
        events: EventLog,
        stop: Stop,
        made_of: Mapping[str, Any],
        keep: int,
        *,
        patience: int | None = None,
        phase: Phase | None = None,
    ) -> None:
        """`made_of` goes into the seal of every checkpoint; `keep` of them stay. `phase`: where there are others.

        `patience`: evaluations without a better one after which it stops.
        """
        self._run, self._events, self._stop, self._made_of, self._keep = run, events, stop, made_of, keep
        self._patience, self._phase = patience, phase
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
        self.beat()
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
        self.beat()

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """So is a batch of the validation."""
        self.beat()

    def beat(self) -> None:
        """Say that the work goes on."""
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
            self._look_at("loss", logs["loss"], self._where(state)["step"])
        elif "eval_loss" in logs:
            self._events.emit(
                "evaluation",
                **self._where(state),
                eval_loss=logs["eval_loss"],
                figure=logs.get("eval_figure"),
                token_accuracy=logs.get("eval_mean_token_accuracy"),
                seconds=logs.get("eval_runtime"),
            )
            self._look_at("eval_loss", logs["eval_loss"], self._where(state)["step"])
            self._since, self._steps = time.monotonic(), 0

    def _where(self, state: TrainerState) -> dict[str, Any]:
        """How far the run is, the phases before this one counted in."""
        phase, step = self._phase, state.global_step
        if phase is None:
            return {"step": step, "total_steps": state.max_steps, "epoch": state.epoch}
        at = {"step": phase.steps_before + step, "total_steps": phase.total_steps}
        return {**at, "epoch": state.epoch, "phase": phase.name}

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
            **self._where(state),
            loss=logs["loss"],
            learning_rate=logs.get("learning_rate"),
            grad_norm=logs.get("grad_norm"),
            token_accuracy=logs.get("mean_token_accuracy"),
            tokens=state.num_input_tokens_seen + (self._phase.tokens_before if self._phase else 0),
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
        """Keep the adapter where it is the best so far: checkpoints come at other steps, and go.

        What was there before a resume is in the trainer's own history, so patience goes on where it was.
        """
        evaluations = evaluations_in(state.log_history)
        if evaluations and is_main_process():
            keep_if_best(self._run, kwargs["model"], evaluations[-1])
        if self._patience is not None and waited(evaluations) >= self._patience:
            control.should_training_stop = True
        self._since, self._steps = time.monotonic(), 0

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Seal the checkpoint that the trainer has just written; only then may an older one go."""
        if not is_main_process():
            return
        checkpoint = Path(str(args.output_dir)) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
        checkpoints.seal(checkpoint, self._made_of)
        for older in checkpoints.all_of(checkpoint.parent)[self._keep :]:
            shutil.rmtree(older)
        path = checkpoint.relative_to(self._run.path).as_posix()
        self._events.emit("checkpoint", step=self._where(state)["step"], path=path)
        self._since, self._steps = time.monotonic(), 0


def _agreed(reason: Exit | None) -> Exit | None:
    """The first process decides for all: stopping at different steps would leave the others waiting for ever."""
    import torch

    if not torch.distributed.is_initialized() or torch.distributed.get_world_size() == 1:
        return reason
    decision = [reason]
    torch.distributed.broadcast_object_list(decision)
    return decision[0]
