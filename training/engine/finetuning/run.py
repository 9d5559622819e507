"""Fine-tune an encoder with a head in a run folder, from wherever it stands, to its manifest."""

import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from common.encoder import EncoderError, EncoderRecord, TextReader, read_record
from common.encoder.record import TOKENIZER, check_files
from common.files import sha256_of
from training.engine.devices import pin
from training.engine.encoders.looking import look
from training.engine.encoders.source import source_of
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog
from training.engine.finetuning.choosing import PARTS, VALIDATION, Chosen, Learnt, learn
from training.engine.finetuning.config import ENOUGH, FinetuneConfig, load_config
from training.engine.finetuning.exporting import Exported, export_encoder
from training.engine.finetuning.learning import Learner
from training.engine.finetuning.network import Network, device
from training.engine.finetuning.parts import Taught
from training.engine.info import environment
from training.engine.rundir import RunDir
from training.engine.stopping import Stop
from training.heads.answering import Answering
from training.heads.attempt import Attempt, attempt
from training.heads.finishing import facts_of, head_folder, write_manifest
from training.heads.folder import ENCODER, Fitted, HeadRecord, Proof, save
from training.heads.judging import answers, figure_of, judged, plain_words, questions, validated
from training.heads.rows import Rows, described, read_rows, taught
from training.heads.texts import TextVectors
from training.heads.tuning import Plan

if TYPE_CHECKING:
    from training.heads.linear import Array


def finetune_run(path: Path, *, lease: str | None = None, supervisor_pid: int | None = None) -> Exit:
    """Train, or go on training, the run in `path`. A complete run is left as it is. Raises as `attempt`."""
    return attempt(path, load_config, Finetuning, lease=lease, supervisor_pid=supervisor_pid)


class Finetuning(Attempt):
    """One attempt at a run."""

    def __init__(self, run: RunDir, config: FinetuneConfig, events: EventLog, stop: Stop) -> None:
        super().__init__(run, events, stop)
        self.config, self.base = config, Path(config.base_model.name)
        self.names = [label.name for label in config.task.labels]
        self.exclusive = not config.task.several

    def go(self) -> Exit:
        """Rows, the parts that choose, the network, its export, the proof."""
        pin()
        if self.config.threads is not None:
            torch.set_num_threads(self.config.threads)
        with threadpool_limits(self.config.threads):
            self.obey()  # the first beat comes once everything is loaded: that may take longer than a step
            surroundings = environment()
            self.events.emit("started", environment=surroundings, config=self.config.model_dump(mode="json"))
            rows, validation = (read_rows(path, self.config.task) for path in (self.run.train, self.run.validation))
            if not rows.labels:
                raise EngineError("There are no training rows to learn from.", Exit.BAD_CONFIG)
            learner = self._learner()
            self._say_begun(rows, validation)
            network, chosen = learn(learner, self._learnt(rows, validation))
            self._finish(network, chosen, rows, validation, surroundings)
        return Exit.OK

    @cached_property
    def record(self) -> EncoderRecord:
        """Of the encoder that it begins with. Raises `EngineError` PERSON where that is not the one that is wanted."""
        wanted = self.config.base_model.revision
        try:
            found = read_record(self.base)
            check_files(self.base, found)
        except EncoderError as error:
            raise EngineError(f"{error} Then resume the run.", Exit.PERSON) from error
        if found.revision != wanted:
            raise EngineError(
                f"The sentence encoder in {self.base} is {found.name} of revision {found.revision[:12]}, not "
                f"{wanted[:12]}. Put that one there. Then resume the run.",
                Exit.PERSON,
            )
        return found

    @cached_property
    def _reader(self) -> TextReader:
        return TextReader(self.record, Tokenizer.from_file(str(self.base / TOKENIZER)))

    def _learnt(self, rows: Rows, validation: Rows) -> Learnt:
        """What is said of a label is one more row of it."""
        said = described(self.config.task)
        texts = [*rows.texts, *said.values()]
        learnt = Taught(self._tokens(texts), taught(rows, list(said), self.names))
        return Learnt(learnt, len(rows.labels), Taught(self._tokens(validation.texts), validation.targets(self.names)))

    def _tokens(self, texts: Sequence[str]) -> list[Sequence[int]]:
        return [self._reader.tokens(text).ids for text in texts]

    def _learner(self) -> Learner:
        source = source_of(self.base, self.record)
        shape, labels = look(source, self.record.prefix), len(self.names)
        files = {f"data/{path.name}": sha256_of(path) for path in (self.run.train, self.run.validation)}
        made_of = self.config.model_dump(mode="json", exclude={"base_model", "threads", "save_seconds"}) | files
        made_of["the sentence encoder"] = self.record.revision
        return Learner(self, self.config, lambda: Network(source, shape, labels), self.record.pad, made_of)

    def _say_begun(self, rows: Rows, validation: Rows) -> None:
        if any(self.run.checkpoints.glob("*.npz")):
            self.events.emit("resumed", step=0, message="What was worked out before is taken over.")
        base = {"name": self.record.name, "revision": self.record.revision, "location": self.config.base_model.name}
        counts = {"train_rows": len(rows.labels), "validation_rows": len(validation.labels)}
        self.events.emit("loaded", base=base, device=str(device()), **counts)

    def _finish(
        self, network: Network, chosen: Chosen, rows: Rows, validation: Rows, surroundings: dict[str, Any]
    ) -> None:
        """The head's folder with its encoder, figures, and last of all the manifest."""
        tuned, config, wanted = chosen.tuned, self.config, validation.targets(self.names)
        head = tuned.calibration.into(network.taken_head(exclusive=self.exclusive), chosen.often)
        answering = Answering.of(config.task, tuned.thresholds.tolist())
        asked = questions(rows, validation)

        def worth(vectors: "Array") -> float:
            return figure_of(head.chances(vectors[: len(wanted)]), wanted, answering, exclusive=self.exclusive)

        with head_folder(self.run) as folder, self.run.beating():
            exported = export_encoder(
                network,
                self.base,
                self.record,
                folder / ENCODER,
                asked.texts,
                worth if len(wanted) >= ENOUGH else None,
                self.tick,
            )
            figures = self._facts(exported, chosen, rows)
            fitted = Fitted(
                head,
                HeadRecord(
                    exclusive=self.exclusive,
                    answering=answering,
                    encoder=exported.record.model_dump(mode="json"),
                    figures=figures,
                ),
            )
            proof = Proof(asked.messages, head.chances(exported.vectors))
            save(folder, fitted, proof)
        self._tell(fitted, proof, chosen, rows, validation, surroundings)

    def _facts(self, exported: Exported, chosen: Chosen, rows: Rows) -> dict[str, Any]:
        said, plan = described(self.config.task), Plan((), self.config.folds)
        facts = facts_of(exported.record, self.config.task, rows, said, plan, chosen.tuned)
        began = {"name": self.record.name, "revision": self.record.revision, "key": self.record.key}
        own = {
            "began_with": began,
            "passes": chosen.times,
            "chosen_by": chosen.by,
            "worth": exported.worth,
            "strength": None,
        }
        return facts | own | ({} if chosen.by == PARTS else {"left_out_figure": None})

    def _tell(
        self,
        fitted: Fitted,
        proof: Proof,
        chosen: Chosen,
        rows: Rows,
        validation: Rows,
        surroundings: dict[str, Any],
    ) -> None:
        tuned, read = chosen.tuned, [self._reader.tokens(text) for text in (*rows.texts, *validation.texts)]
        texts = TextVectors(
            proof.chances, np.array([each.is_cut for each in read]), np.array([each.is_unknown for each in read])
        )
        for words in plain_words(fitted.record.figures, texts):
            self.events.emit("warning", message=words)
        targets = validation.targets(self.names)
        figures = judged(fitted, proof, targets)
        if chosen.by == VALIDATION:
            # What these rows chose is not judged by them: each was judged by what the others chose.
            figures |= {"figure": tuned.figure, "calibration_error": tuned.error}
        metrics = {
            "steps": self.step,
            **({} if chosen.step is None else {"kept_step": chosen.step}),
            "figure": tuned.figure,
            **figures,
            "left_out_figure": fitted.record.figures["left_out_figure"],
            "train_rows": len(rows.labels),
            "validation_rows": len(validation.labels),
            "cut": int(texts.cut.sum()),
            "unknown": int(texts.unknown.sum()),
            "seconds": round(time.monotonic() - self.began, 1),
            "head": fitted.record.figures,
        }
        self.events.emit("finished", step=self.step, total_steps=self.step, metrics=metrics)
        given = tuned.given if chosen.by == VALIDATION else answers(fitted, proof, len(targets))
        assert given is not None
        told = validated(given, targets, exclusive=self.exclusive)
        write_manifest(self.run, self.config, self.record, surroundings, metrics, told)
        self.kept.clear()
