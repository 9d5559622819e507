"""Train a run folder, from wherever it stands, to its manifest."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine.checkpoints import newest_complete, step_of
from training.engine.config import EngineConfig, load_config
from training.engine.data import EncodedRows, encode_file
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog
from training.engine.info import environment
from training.engine.manifest import base_of, save_adapter, step_seconds, write_manifest
from training.engine.rundir import RunDir, is_main_process
from training.engine.stopping import Stop, SupervisorWatch

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from trl.trainer.sft_trainer import SFTTrainer

logger = logging.getLogger(__name__)


def train(path: Path, *, lease: str | None = None, supervisor_pid: int | None = None) -> Exit:
    """Train, or go on training, the run in `path`. A complete run is left as it is.

    Raises `EngineError` with the exit code for a bad config, a locked folder, a supervisor that is gone, unusable data.
    """
    run = RunDir(path)
    if run.complete:
        logger.info("%s is complete already", path)
        return Exit.OK
    config = load_config(run.config)
    with run.locked(lease):
        if run.complete:  # finished by the process that held the lock before us
            return Exit.OK
        events = EventLog(run.events, enabled=is_main_process())
        stop = Stop()
        if supervisor_pid is not None:
            SupervisorWatch(supervisor_pid, stop, events).start()
        try:
            with stop.on_signals():
                return _Training(run, config, events, stop).go()
        except Exception as error:  # any failure at all belongs into the run's story before it ends the process
            events.emit("failed", error=str(error) or type(error).__name__, error_type=type(error).__name__)
            raise


class _Training:
    """One attempt at a run."""

    def __init__(self, run: RunDir, config: EngineConfig, events: EventLog, stop: Stop) -> None:
        self.run, self.config, self.events, self.stop = run, config, events, stop

    def go(self) -> Exit:
        if self._stopped():
            return self._conclude_stop(0)
        if self.config.threads is not None:
            import torch

            torch.set_num_threads(self.config.threads)
        surroundings = environment()
        self.events.emit("started", environment=surroundings, config=self.config.model_dump(mode="json"))
        trainer = self._load()
        if self._stopped():
            return self._conclude_stop(0)
        checkpoint = newest_complete(self.run.checkpoints) if is_main_process() else None
        trainer.accelerator.wait_for_everyone()
        checkpoint = checkpoint or newest_complete(self.run.checkpoints)
        if checkpoint is not None:
            self.events.emit("resumed", step=step_of(checkpoint), checkpoint=f"checkpoints/{checkpoint.name}")
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if self.stop.reason is not None:
            return self._conclude_stop(trainer.state.global_step)
        if is_main_process():
            self._finish(trainer)
        trainer.accelerator.wait_for_everyone()
        return Exit.OK

    def _load(self) -> "SFTTrainer":
        from training.engine.callbacks import RunCallback
        from training.engine.models import load_for_training, load_tokenizer
        from training.engine.sft import build_trainer, total_steps

        tokenizer = load_tokenizer(self.config.base_model)
        train = self._encode(tokenizer, self.run.train)
        validation = self._encode(tokenizer, self.run.validation)
        if not train.rows:
            raise EngineError(
                f"No training row is left. The longest has {train.longest} tokens; max_length is "
                f"{self.config.max_length}."
                if train.dropped
                else "There are no training rows."
            )
        self.rows = {"train_rows": len(train.rows), "validation_rows": len(validation.rows)}
        self.rows["dropped_rows"] = train.dropped + validation.dropped
        model, precision = load_for_training(self.config)
        callback = RunCallback(self.run, self.events, self.stop)
        trainer = build_trainer(
            self.run, self.config, model, tokenizer, precision, (train.rows, validation.rows), callback
        )
        self.events.emit(
            "loaded",
            base=base_of(self.config.base_model),
            total_steps=total_steps(self.config, len(train.rows)),
            longest=train.longest,
            compute=precision.compute,
            **self._parameters(trainer),
            **self.rows,
        )
        return trainer

    def _encode(self, tokenizer: "PreTrainedTokenizerBase", path: Path) -> EncodedRows:
        encoded = encode_file(tokenizer, path, self.config.max_length) if path.is_file() else EncodedRows([], 0, 0)
        if encoded.dropped:
            self.events.emit(
                "warning",
                message=f"{encoded.dropped} rows of {path.name} are longer than {self.config.max_length} tokens "
                f"(the longest has {encoded.longest}) and were left out.",
                file=path.name,
                dropped=encoded.dropped,
            )
        return encoded

    def _parameters(self, trainer: "SFTTrainer") -> dict[str, int]:
        from peft import PeftModel

        assert isinstance(trainer.model, PeftModel)
        trainable, total = trainer.model.get_nb_trainable_parameters()
        self.parameters = {"trainable_parameters": trainable, "total_parameters": total}
        return self.parameters

    def _stopped(self) -> bool:
        if self.run.order() is Exit.CANCELLED:
            self.stop.request(Exit.CANCELLED)
        return self.stop.reason is not None

    def _conclude_stop(self, step: int) -> Exit:
        reason = self.stop.reason or Exit.PAUSED
        if reason is Exit.CANCELLED:
            self.events.emit("cancelled", step=step)
        elif reason is Exit.PAUSED:
            self.events.emit("warning", message=f"Paused at step {step}; start again to go on.", step=step)
        self.run.obeyed(reason)
        return reason

    def _finish(self, trainer: "SFTTrainer") -> None:
        metrics = self._metrics(trainer)
        save_adapter(self.run, self.config, trainer.accelerator.unwrap_model(trainer.model), metrics)
        self.events.emit("finished", step=trainer.state.global_step, metrics=metrics)
        write_manifest(self.run, self.config, metrics)

    def _metrics(self, trainer: "SFTTrainer") -> dict[str, Any]:
        history = trainer.state.log_history
        losses = [entry["loss"] for entry in history if "loss" in entry]
        evaluations = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
        return {
            "steps": trainer.state.global_step,
            "epochs": round(trainer.state.epoch or 0.0, 3),
            "first_loss": losses[0] if losses else None,
            "train_loss": losses[-1] if losses else None,
            "eval_loss": evaluations[-1] if evaluations else None,
            "tokens": trainer.state.num_input_tokens_seen,
            "seconds": step_seconds(self.run),
            **self.rows,
            **self.parameters,
        }
