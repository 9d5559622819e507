"""Fit a head in a run folder, from wherever it stands, to its manifest: no torch, no GPU, seconds.

The folder, its events, its orders and its exit codes are those of `training.engine`.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from common.encoder import Encoder, EncoderError, open_encoder
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog
from training.engine.rundir import RunDir
from training.engine.stopping import Stop
from training.heads.answering import Answering
from training.heads.attempt import Attempt, attempt
from training.heads.calibration import how_often
from training.heads.choosing import left_out_scores
from training.heads.config import HeadConfig, load_config
from training.heads.finishing import facts_of, head_folder, write_manifest
from training.heads.folder import Fitted, HeadRecord, Proof, save
from training.heads.judging import answers, judged, plain_words, questions, validated
from training.heads.kept import name_of
from training.heads.linear import fit
from training.heads.rows import Rows, described, read_rows, taught
from training.heads.surroundings import environment
from training.heads.texts import TextVectors, parts_of, vectors_of
from training.heads.tuning import Plan, Tuned, best_strength, plan_of, tune, untuned

if TYPE_CHECKING:
    from training.heads.linear import Array


def fit_run(path: Path, *, lease: str | None = None, supervisor_pid: int | None = None) -> Exit:
    """Fit, or go on fitting, the run in `path`. A complete run is left as it is. Raises as `attempt`."""
    return attempt(path, load_config, Fitting, lease=lease, supervisor_pid=supervisor_pid)


class Fitting(Attempt):
    """One attempt at a head on vectors that stay as they are."""

    def __init__(self, run: RunDir, config: HeadConfig, events: EventLog, stop: Stop) -> None:
        super().__init__(run, events, stop)
        self.config = config
        self.names = [label.name for label in config.task.labels]
        self.exclusive = not config.task.several

    def go(self) -> Exit:
        """Vectors, strength, calibration and thresholds, the head."""
        # Small matrices: on a busy machine threads that wait for each other take ten times as long.
        with threadpool_limits(self.config.threads):
            return self._fit()

    def _fit(self) -> Exit:
        self.tick()
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
        found = vectors_of(texts, encoder, self.kept, self.tick, self.done)
        targets = taught(rows, list(said), self.names)
        learnt = len(targets)
        tuned = self._tuned(plan, found.vectors[:learnt], targets, len(rows.labels))
        fitted = self._fitted(encoder, found, targets, rows, said, plan, tuned)
        proof = Proof(asked.messages, fitted.head.chances(found.vectors[learnt:]))
        self._finish(encoder, fitted, proof, validation, tuned, rows, found)
        return Exit.OK

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
                return {"scores": left_out_scores(vectors, targets, golden, c=c, tick=self.tick, **options)}

            name = f"tried-{told}-{c:g}"
            is_new = not self.kept.has(name)
            scores[c] = self.kept.get(name, work)["scores"]
            self.done(is_new)
        best = best_strength(scores, targets[:golden], exclusive=self.exclusive)
        limit, folds = config.task.limit, plan.folds
        options: dict[str, Any] = {"limit": limit, "folds": folds, "seed": config.seed, "tick": self.tick}
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
        head = fit(vectors, targets, exclusive=self.exclusive, c=tuned.c, tick=self.tick)
        often = how_often(targets[:golden], exclusive=self.exclusive)
        self.done()
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
        self,
        encoder: Encoder,
        fitted: Fitted,
        proof: Proof,
        validation: Rows,
        tuned: Tuned,
        rows: Rows,
        found: TextVectors,
    ) -> None:
        """Head, figures of the validation rows, and last of all the manifest."""
        for words in plain_words(fitted.record.figures, found):
            self.events.emit("warning", message=words)
        with head_folder(self.run) as folder:
            save(folder, fitted, proof)
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
        self.done()
        if figures:
            self.events.emit("evaluation", step=self.step, eval_loss=figures["eval_loss"], figure=figures["figure"])
        self.events.emit("finished", step=self.step, metrics=metrics)
        told = validated(answers(fitted, proof, len(targets)), targets, exclusive=self.exclusive)
        write_manifest(self.run, self.config, encoder.record, environment(), metrics, told)
        self.kept.clear()
