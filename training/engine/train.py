"""Train a run folder, from wherever it stands, to its manifest."""

import gc
import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from training.engine import checkpoints
from training.engine.config import EngineConfig, load_config
from training.engine.devices import pin
from training.engine.endings import is_out_of_memory, may_lie_in_files, sentence_of, told
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog
from training.engine.finishing import finish, finish_phase, parameters
from training.engine.info import environment
from training.engine.madeof import made_of
from training.engine.manifest import base_of
from training.engine.phases import Phases, steps_behind
from training.engine.resuming import checkpoint_of, is_last, restore
from training.engine.rundir import RunDir, is_main_process
from training.engine.rungs import next_rung, read_rung, write_rung
from training.engine.runrows import read_rows
from training.engine.stopping import Stop, StoppedError, SupervisorWatch
from training.engine.targets import require_targets
from training.engine.weights import require_own_weights

if TYPE_CHECKING:
    from training.engine.answer_loss import AnswerLossTrainer
    from training.engine.callbacks import RunCallback

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
        with told(events):
            pin()
            with stop.on_signals():
                return Training(run, config, events, stop).go()


class Training:
    """One attempt at a run."""

    def __init__(self, run: RunDir, config: EngineConfig, events: EventLog, stop: Stop) -> None:
        self.run, self.config, self.events, self.stop = run, config, events, stop
        self.rung = read_rung(run.rung)
        self.loaded = False

    def go(self) -> Exit:
        if self._stopped():
            return self._conclude_stop(steps_behind(self.run))
        if self.config.threads is not None:
            import torch

            torch.set_num_threads(self.config.threads)
        surroundings = environment()
        self.events.emit("started", environment=surroundings, config=self.config.model_dump(mode="json"))
        self._read_rows()
        while True:
            try:
                done = self._attempt()
            except Exception as error:
                if not is_out_of_memory(error) or not self.loaded:
                    raise  # no rung makes the base itself smaller
                said = sentence_of(error).splitlines()[0]
            else:
                if done is not None:
                    return done
                continue
            # Outside of the block above: the error's frames hold the very memory that is to be freed.
            self._climb_down(said)

    def _read_rows(self) -> None:
        """The rows, as far as the rung of memory allows, and the phases that follow from them."""
        from training.engine.models import load_tokenizer
        from training.engine.sft import processes

        self.tokenizer = load_tokenizer(self.config.base_model, self.config.chat)
        self.rows = read_rows(self.run, self.config, self._max_length, self.tokenizer, self.events.emit)
        self.phases = Phases(self.run, self.config, self.rows, processes())

    def _attempt(self) -> Exit | None:
        """Train a phase to its end; None where another follows, or where a checkpoint could not be used.

        The checkpoint before it is tried then.
        """
        self.phase = self.phases.now()
        trainer, callback = self._load()
        if self._stopped():
            return self._conclude_stop(steps_behind(self.run))
        checkpoint = self._checkpoint()
        trainer.accelerator.wait_for_everyone()
        checkpoint = checkpoint or checkpoints.newest_sound(self.phase.run.checkpoints)[0]
        if checkpoint is not None:
            step = self.phase.steps_before + checkpoints.step_of(checkpoint)
            self.events.emit("resumed", step=step, checkpoint=checkpoint.relative_to(self.run.path).as_posix())
        if checkpoint is not None and self._is_last(checkpoint):
            restore(trainer, checkpoint)
        else:
            try:
                trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
            except Exception as error:
                if checkpoint is None or callback.stepping or not may_lie_in_files(error):
                    raise
                self._warn(checkpoints.set_aside(checkpoint, sentence_of(error).splitlines()[0]))
                return None
        if self.stop.reason not in {None, Exit.OK}:
            return self._conclude_stop(self.phase.steps_before + trainer.state.global_step)
        return self._finish(trainer)

    def _finish(self, trainer: "AnswerLossTrainer") -> Exit | None:
        """End the phase, or the run with its last phase."""
        ends = self.stop.reason is Exit.OK or self.phases.last
        if is_main_process():
            try:
                if ends:
                    finish(self.phases, self.phase, self.config, self.events, trainer, self.rows, self.stop)
                else:
                    finish_phase(self.phases, self.phase, self.events, trainer)
            except StoppedError:
                return self._conclude_stop(self.phase.steps_before + trainer.state.global_step)
        trainer.accelerator.wait_for_everyone()
        if ends:
            return Exit.OK
        self.phases.reread()
        return None

    def _load(self) -> "tuple[AnswerLossTrainer, RunCallback]":
        from training.engine.callbacks import RunCallback
        from training.engine.models import load_for_training
        from training.engine.sft import Work, build_trainer, processes

        self.loaded = False
        gc.collect()  # the model of the phase before
        model, precision = load_for_training(self.config)
        self.rows.require_servable(model)
        require_targets(self.config.lora.target_modules, [name for name, _ in model.named_modules()])
        phase, recipe, base = self.phase, self.phase.recipe, base_of(self.config.base_model)
        self.made_of = made_of(phase.run, phase.config, recipe, base, processes(), phase.name)
        kept = self.config.keep_checkpoints
        callback = RunCallback(
            phase.run, self.events, self.stop, self.made_of, kept, patience=self._patience, phase=phase
        )
        rows = (phase.train, phase.validation)
        work = Work(recipe, self.rung, self.rows.targets)
        trainer = build_trainer(phase.run, phase.config, work, model, self.tokenizer, precision, rows, callback)
        assert trainer.model is not None
        require_own_weights(trainer.model)
        self.loaded = True
        self.events.emit(
            "loaded",
            base=base,
            phase=phase.name,
            total_steps=phase.total_steps,
            longest=self.rows.train.longest,
            compute=precision.compute,
            attention=trainer.layout.attention,
            padded_because=trainer.layout.refused,
            **work.facts,
            **parameters(trainer),
            **self.rows.counts,
        )
        return trainer, callback

    def _checkpoint(self) -> Path | None:
        if not is_main_process():
            return None
        return checkpoint_of(self.phase.run.checkpoints, self.made_of, self._warn)

    def _is_last(self, checkpoint: Path) -> bool:
        """No step is left to make, or none is wanted: stopped while it paused."""
        if self.run.order() is Exit.OK:
            self.stop.request(Exit.OK)
            return True
        return is_last(self.phase, checkpoint, self._patience)

    def _climb_down(self, said: str) -> None:
        """Use less memory from here on. `EngineError` PERSON where nothing is left to try."""
        import torch

        recipe = self.phase.recipe
        # The longest row that is trained on, not the one that was left out.
        longest = min(self.rows.train.longest, self._max_length)
        rung = next_rung(self.rung, self.config, recipe, longest)
        if rung is None:
            raise EngineError(
                f"The device has too little memory, even for {self.rung.said(recipe)} ({said}). Free some, take a "
                "larger device, or repeat the run with a smaller base model or a lower max_length.",
                Exit.PERSON,
            )
        said_first = f"Out of memory with {self.rung.said(recipe)}: from here on {rung.said(recipe)}."
        self.events.emit("memory", message=said_first, error=said, **rung.facts(recipe))
        shorter = rung.max_length != self.rung.max_length
        write_rung(self.run.rung, rung)
        self.rung = rung
        if shorter:
            # Other rows make other steps: what was trained so far is no beginning of that.
            shutil.rmtree(self.run.checkpoints, ignore_errors=True)
            shutil.rmtree(self.run.best, ignore_errors=True)
            self._read_rows()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    @property
    def _patience(self) -> int | None:
        """Of too few rows no figure is worth waiting for, nor worth not waiting for."""
        return self.config.patience if self.phases.chooses else None

    @property
    def _max_length(self) -> int:
        return self.config.max_length if self.rung.max_length is None else self.rung.max_length

    def _warn(self, message: str, **more: object) -> None:
        self.events.emit("warning", message=message, **more)

    def _stopped(self) -> bool:
        """Whether it is to end before it has begun: cancelled, or paused while it loads."""
        order = self.run.order()
        if order in {Exit.CANCELLED, Exit.PAUSED}:
            self.stop.request(order)
        return self.stop.reason is not None

    def _conclude_stop(self, step: int) -> Exit:
        reason = Exit.PAUSED if self.stop.reason is None else self.stop.reason
        if reason is Exit.CANCELLED:
            self.events.emit("cancelled", step=step)
        elif reason is Exit.PAUSED:
            self.events.emit("paused", step=step)
        self.run.obeyed(reason)
        return reason
