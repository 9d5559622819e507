"""Fit a head in a run folder, from wherever it stands, to its manifest: no torch, no GPU, seconds.

The folder, its events, its orders and its exit codes are those of `training.engine`.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from common.encoder import Encoder, EncoderError, open_encoder
from training.engine.endings import code_of, sentence_of
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog
from training.engine.rundir import RunDir
from training.engine.stopping import Stop, SupervisorWatch
from training.heads.answering import Answering
from training.heads.calibration import how_often
from training.heads.choosing import left_out_scores
from training.heads.config import HeadConfig, load_config
from training.heads.finishing import facts_of, save_head, write_manifest
from training.heads.folder import Fitted, HeadRecord, Proof
from training.heads.judging import judged, plain_words, questions, validated
from training.heads.kept import Kept, name_of
from training.heads.linear import fit
from training.heads.rows import Rows, described, read_rows
from training.heads.surroundings import environment
from training.heads.texts import TextVectors, parts_of, vectors_of
from training.heads.tuning import Plan, Tuned, best_strength, plan_of, tune, untuned

if TYPE_CHECKING:
    from training.heads.linear import Array

logger = logging.getLogger(__name__)


class StoppedError(Exception):
    """An order, a signal, or a supervisor that is gone."""


def fit_run(path: Path, *, lease: str | None = None, supervisor_pid: int | None = None) -> Exit:
    """Fit, or go on fitting, the run in `path`. A complete run is left as it is.

    Raises `EngineError` with the exit code for a bad config, a locked folder, an encoder that cannot be used.
    """
    run = RunDir(path)
    if run.complete:
        logger.info("%s is complete already", path)
        Kept(run.checkpoints).clear()  # it may have been killed between its manifest and this
        return Exit.OK
    config = load_config(run.config)
    with run.locked(lease):
        if run.complete:  # finished by the process that held the lock before us
            return Exit.OK
        events, stop = EventLog(run.events), Stop()
        if supervisor_pid is not None:
            SupervisorWatch(supervisor_pid, stop, events).start()
        fitting = Fitting(run, config, events, stop)
        try:
            # Small matrices: on a busy machine threads that wait for each other take ten times as long.
            with stop.on_signals(), threadpool_limits(config.threads):
                return fitting.go()
        except StoppedError:
            return fitting.stopped()
        except Exception as error:  # any failure at all belongs into the run's story before it ends the process
            code, said = code_of(error), sentence_of(error)
            events.emit("failed", error=said, error_type=type(error).__name__, ending=code.name.lower())
            if isinstance(error, EngineError) and error.code is code:
                raise
            raise EngineError(said, code) from error


class Fitting:
    """One attempt at a run."""

    def __init__(self, run: RunDir, config: HeadConfig, events: EventLog, stop: Stop) -> None:
        self.run, self.config, self.events, self.stop = run, config, events, stop
        self.kept = Kept(run.checkpoints)
        self.names = [label.name for label in config.task.labels]
        self.exclusive = not config.task.several
        self.step, self.total, self.began = 0, 0, time.monotonic()

    def go(self) -> Exit:
        self._tick()
        self.events.emit("started", environment=environment(), config=self.config.model_dump(mode="json"))
        encoder = self._encoder()
        rows, validation = (read_rows(path, self.config.task) for path in (self.run.train, self.run.validation))
        if not rows.labels:
            raise EngineError("There are no training rows to learn from.", Exit.BAD_CONFIG)
        said = described(self.config.task)
        asked = questions(rows, validation)
        texts = [*rows.texts, *said.values(), *asked.texts]
        plan = plan_of(len(rows.labels), len(self.names), self.config.strengths, self.config.folds)
        self.total = len(parts_of(texts)) + len(plan.strengths) + 2
        self._say_begun(encoder, rows, validation)
        found = vectors_of(texts, encoder, self.kept, self._tick, self._done)
        targets = self._targets(rows, list(said))
        learnt = len(targets)
        tuned = self._tuned(plan, found.vectors[:learnt], targets, len(rows.labels))
        fitted = self._fitted(encoder, found, targets, rows, said, plan, tuned)
        proof = Proof(asked.messages, fitted.head.chances(found.vectors[learnt:]))
        self._finish(fitted, proof, validation, tuned, rows, found)
        return Exit.OK

    def stopped(self) -> Exit:
        """End as ordered; what was kept is there for the next one."""
        reason = Exit.PAUSED if self.stop.reason is None else self.stop.reason
        if reason is Exit.CANCELLED:
            self.events.emit("cancelled", step=self.step)
        elif reason is Exit.PAUSED:
            self.events.emit("paused", step=self.step)
        self.run.obeyed(reason)
        return reason

    def _tick(self) -> None:
        """A sign that the work goes on, and a look at what was ordered; to keep the best is to go on to the end."""
        self.run.beat()
        order = self.run.order()
        if order in {Exit.CANCELLED, Exit.PAUSED}:
            self.stop.request(order)
        if self.stop.reason is not None:
            raise StoppedError

    def _done(self, is_kept: bool = False) -> None:
        """One more step. Only what this attempt made and kept is a checkpoint: that forgives the attempts before it."""
        self.step += 1
        self.events.emit("checkpoint" if is_kept else "progress", step=self.step, total_steps=self.total)
        self._tick()

    def _encoder(self) -> Encoder:
        base = self.config.base_model
        try:
            return open_encoder(Path(base.name), threads=self.config.threads, revision=base.revision)
        except EncoderError as error:
            raise EngineError(f"{error} Then resume the run.", Exit.PERSON) from error

    def _say_begun(self, encoder: Encoder, rows: Rows, validation: Rows) -> None:
        begun = any(self.run.checkpoints.glob("*.npz"))
        if begun:
            self.events.emit("resumed", step=0, message="What was worked out before is taken over.")
        record = encoder.record
        base = {"name": record.name, "revision": record.revision, "location": self.config.base_model.name}
        self.events.emit(
            "loaded",
            base=base,
            total_steps=self.total,
            runs=record.runs,
            train_rows=len(rows.labels),
            validation_rows=len(validation.labels),
        )

    def _targets(self, rows: Rows, said: Sequence[str]) -> "Array":
        import numpy as np

        told = Rows([], [frozenset({name}) for name in said])
        return np.vstack([rows.targets(self.names), told.targets(self.names)])

    def _tuned(self, plan: Plan, vectors: "Array", targets: "Array", golden: int) -> Tuned:
        """Strength, calibration and thresholds by rows left out; the scores of each strength are kept."""
        config = self.config
        if not plan.strengths:
            return untuned(config.strengths, len(self.names))
        told = name_of(vectors, targets, golden, plan.folds, config.seed)
        scores: dict[float, Array] = {}
        for c in plan.strengths:

            def work(c: float = c) -> "dict[str, Array]":
                options: dict[str, Any] = {"exclusive": self.exclusive, "folds": plan.folds, "seed": config.seed}
                return {"scores": left_out_scores(vectors, targets, golden, c=c, tick=self._tick, **options)}

            name = f"tried-{told}-{c:g}"
            is_new = not self.kept.has(name)
            scores[c] = self.kept.get(name, work)["scores"]
            self._done(is_new)
        best = best_strength(scores, targets[:golden], exclusive=self.exclusive)
        limit, folds = config.task.limit, plan.folds
        options: dict[str, Any] = {"limit": limit, "folds": folds, "seed": config.seed, "tick": self._tick}
        return tune(best, scores[best], targets[:golden], exclusive=self.exclusive, **options)

    def _fitted(
        self,
        encoder: Encoder,
        found: TextVectors,
        targets: "Array",
        rows: Rows,
        said: dict[str, str],
        plan: Plan,
        tuned: Tuned,
    ) -> Fitted:
        """The head on all training rows, its scores calibrated."""
        vectors, golden = found.vectors[: len(targets)], len(rows.labels)
        head = fit(vectors, targets, exclusive=self.exclusive, c=tuned.c, tick=self._tick)
        often = how_often(targets[:golden], exclusive=self.exclusive)
        self._done()
        return Fitted(
            tuned.calibration.into(head, often),
            HeadRecord(
                exclusive=self.exclusive,
                answering=Answering.of(self.config.task, tuned.thresholds.tolist()),
                encoder=encoder.record.model_dump(mode="json"),
                figures=facts_of(encoder.record, self.config.task, rows, said, plan, tuned),
            ),
        )

    def _finish(
        self, fitted: Fitted, proof: Proof, validation: Rows, tuned: Tuned, rows: Rows, found: TextVectors
    ) -> None:
        """Head, figures of the validation rows, and last of all the manifest."""
        for words in plain_words(fitted.record.figures, found, self.config.task):
            self.events.emit("warning", message=words)
        save_head(self.run, fitted, proof)
        targets = validation.targets(self.names)
        figures = judged(fitted, proof, targets)
        metrics = {
            "steps": self.total,
            "figure": figures.get("figure", tuned.figure),
            **figures,
            "left_out_figure": tuned.figure,
            "train_rows": len(rows.labels),
            "validation_rows": len(validation.labels),
            "cut": int(found.cut.sum()),
            "unknown": int(found.unknown.sum()),
            "seconds": round(time.monotonic() - self.began, 1),
            "head": fitted.record.figures,
        }
        self._done()
        if figures:
            self.events.emit("evaluation", step=self.step, eval_loss=figures["eval_loss"], figure=figures["figure"])
        self.events.emit("finished", step=self.step, metrics=metrics)
        write_manifest(self.run, self.config, metrics, validated(fitted, proof, targets))
        self.kept.clear()
