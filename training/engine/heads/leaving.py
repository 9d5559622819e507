"""What a run with a classification head leaves to be served: a head's folder, as that of any head."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.encoder.language import LanguageReader, LanguageRecord
from common.encoder.record import FULL, TOKENIZER
from training.engine.config import EngineConfig
from training.engine.endings import has_lacked_memory
from training.engine.errors import EngineError, Exit
from training.engine.events import finite
from training.engine.heads.serving import Servable
from training.engine.manifest import base_of
from training.engine.rundir import RunDir
from training.heads.answering import Answering
from training.heads.calibration import Calibration, calibration_error, fit_calibration
from training.heads.finishing import head_folder
from training.heads.folder import ENCODER, Fitted, HeadRecord, Proof, save
from training.heads.judging import FEWEST, questions
from training.heads.linear import chances_of
from training.heads.rows import Rows, read_rows, words_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from training.engine.heads.exporting import Exported
    from training.heads.linear import Array

SEEN = "the validation rows were learnt from, too"
FEW = "too few validation rows"
# Validation rows that are asked: each takes its time thrice, by torch, by the file and in its proof.
MOST = 400


@dataclass(frozen=True)
class Learnt:
    """What came out: labels in the head's order, and the threshold where there may be several.

    Validation rows say how sure the head may be: those at `numbers` of their file, from 1. `scores`: what they were
    given before they were learnt from, too, shape (rows, labels); None where they never were. `seen`: they were, and
    nothing is known of before.
    """

    labels: tuple[str, ...]
    threshold: float | None
    numbers: Sequence[int]
    scores: "Array | None" = None
    seen: bool = False


def leave_head(
    run: RunDir,
    config: EngineConfig,
    wanted: Servable,
    learnt: Learnt,
    tokenizer: "PreTrainedTokenizerBase",
    tell: Callable[[str], None],
    look: Callable[[], None],
) -> dict[str, Any]:
    """Write the head's folder; the run's metrics of it. `look` is called before each question, and may raise.

    Raises `EngineError` where the base cannot be exported, or the export is not what was learnt.
    """
    from training.engine.heads.exporting import export_model
    from training.engine.heads.network import load_adapted

    leaving = _Leaving(run, wanted, learnt)
    try:
        adapted = load_adapted(run, config, len(learnt.labels), attn_implementation="eager")
        record = _record(config, wanted, tokenizer, int(adapted.config.get_text_config().hidden_size))
        with head_folder(run) as folder:
            exported = export_model(
                adapted,
                record,
                tokenizer,
                folder / ENCODER,
                leaving.tokens,
                columns=leaving.columns,
                exclusive=leaving.exclusive,
                look=look,
            )
            fitted, proof = leaving.fitted(exported)
            save(folder, fitted, proof)
    except Exception as error:  # whichever class the libraries have for it
        if not has_lacked_memory(error):
            raise
        raise EngineError(
            "The host has too little memory to write the file that is served. Free some, then resume the run.",
            Exit.PERSON,
        ) from error
    for words in leaving.plain_words(fitted):
        tell(words)
    return {"cut": leaving.cut, "unknown": leaving.unknown, "head": fitted.record.figures}


def _record(
    config: EngineConfig, wanted: Servable, tokenizer: "PreTrainedTokenizerBase", dimension: int
) -> LanguageRecord:
    """Without what is known of the files alone."""
    base = base_of(config.base_model)
    # Of a folder that says nothing of itself the name alone: where it lies is the host's own business.
    name = Path(base["name"]).absolute().name if Path(base["name"]).is_dir() else str(base["name"])
    revision = f" ({base['revision']})" if base["revision"] else ""
    unknown = tokenizer.unk_token_id
    return LanguageRecord(
        name=name,
        revision="",
        source=f"{name}{revision} with its adapter",
        licence="",
        dimension=dimension,
        limit=wanted.limit,
        unknown=unknown if isinstance(unknown, int) else None,
        frame=wanted.frame,
        files={FULL: "", TOKENIZER: ""},
    )


class _Leaving:
    """Rows and questions of one run, and what is made of their scores."""

    def __init__(self, run: RunDir, wanted: Servable, learnt: Learnt) -> None:
        self.wanted, self.learnt, self.exclusive = wanted, learnt, not wanted.task.several
        self.names = [label.name for label in wanted.task.labels if label.name in learnt.labels]
        self.columns = [learnt.labels.index(name) for name in self.names]
        rows, validation = (read_rows(path, wanted.task) for path in (run.train, run.validation))
        self.judging = _some([at for at, each in enumerate(validation.messages) if _has_words(each)])
        some = Rows([validation.messages[at] for at in self.judging], [])
        self.asked = _told_apart(questions(rows, some))
        self.texts = [*rows.messages, *validation.messages]
        self.targets = validation.targets(self.names)
        self.plain = Answering.of(
            wanted.task, [0.5 if learnt.threshold is None else learnt.threshold] * len(self.names)
        )
        self.plain = self.plain.model_copy(update={"labels": self.names})
        self.cut = self.unknown = 0

    def tokens(self, reader: LanguageReader) -> list[Sequence[int]]:
        """Those of the questions; on the way it is counted how all rows are read."""
        read = [reader.read(each) for each in self.texts]
        self.cut, self.unknown = sum(each.is_cut for each in read), sum(each.is_unknown for each in read)
        return [reader.read(each).ids for each in self.asked.messages]

    def fitted(self, exported: "Exported") -> tuple[Fitted, Proof]:
        """The head with its probabilities calibrated, which turns no answer; and what it answers.

        Raises `EngineError` where the file does not answer so.
        """
        from training.engine.heads.exporting import require_close

        calibration, errors = self._calibrated(exported.scores)
        often = np.zeros(len(self.names))
        head = calibration.into(exported.head, often)
        moved = [_moved(each, calibration) for each in self.plain.thresholds]
        record = HeadRecord(
            exclusive=self.exclusive,
            answering=self.plain.model_copy(update={"thresholds": moved}),
            encoder=exported.record.model_dump(mode="json"),
            figures=self._figures(exported, calibration, errors),
        )
        chances = chances_of(calibration.applied(exported.scores, often), exclusive=self.exclusive)
        # A steep calibration makes more of a small difference, and the calibrated ones are proven.
        require_close(head.chances(exported.vectors), chances)
        return Fitted(head, record), Proof(self.asked.messages, chances)

    def _calibrated(self, scores: "Array") -> tuple[Calibration, tuple[float, float] | None]:
        """By rows that were not learnt from, with the error after and before; each half is judged by the other's."""
        targets = self.targets[self.judging]
        known = scores[: len(targets)]
        if self.learnt.scores is not None:
            known = self.learnt.scores[:, self.columns]
            targets = self.targets[[number - 1 for number in self.learnt.numbers]]
        if len(known) < FEWEST or self.learnt.seen:
            return Calibration(), None
        judged, often = np.zeros_like(known), np.zeros(len(self.names))
        for half in (0, 1):
            fit = fit_calibration(known[half::2], targets[half::2], often, exclusive=self.exclusive)
            judged[1 - half :: 2] = fit.applied(known[1 - half :: 2], often)
        after, before = (
            calibration_error(chances_of(each, exclusive=self.exclusive), targets, exclusive=self.exclusive)
            for each in (judged, known)
        )
        return fit_calibration(known, targets, often, exclusive=self.exclusive), (after, before)

    def _figures(
        self, exported: "Exported", calibration: Calibration, errors: tuple[float, float] | None
    ) -> dict[str, Any]:
        """As `training.heads.finishing.facts_of` has them, with what is a language model's own."""
        names = {"name", "revision", "languages", "limit", "runs", "dimension"}
        after, before = errors or (None, None)
        figures = {
            "encoder": exported.record.model_dump(mode="json", include=names),
            "language_model": True,
            "labels": len(self.names),
            "plan": {},
            "strength": None,
            "left_out_figure": None,
            "calibration": vars(calibration),
            "calibration_error": after,
            "calibration_error_before": before,
            "uncalibrated": "" if errors else SEEN if self.learnt.seen else FEW,
            "own_thresholds": False,
            "only_described": [],
            "untaught": [each.name for each in self.wanted.task.labels if each.name not in self.names],
            "differ": exported.differ,
        }
        found: dict[str, Any] = finite(figures)
        return found

    def plain_words(self, fitted: Fitted) -> list[str]:
        """What people should know of it, a sentence each."""
        said = []
        if self.cut:
            said.append(f"{self.cut} of {len(self.texts)} texts are read as far as {self.wanted.limit} tokens alone.")
        if untaught := fitted.record.figures["untaught"]:
            said.append(f"No row has {', '.join(untaught[:12])}: such labels are never given.")
        return said


def _some(places: list[int]) -> list[int]:
    """So many of them at most, from everywhere."""
    if len(places) <= MOST:
        return places
    return [places[int(at)] for at in np.linspace(0, len(places) - 1, MOST)]


def _told_apart(asked: Rows) -> Rows:
    """Without questions of white space alone, which templates take away in ways of their own; nobody asks them."""
    return Rows([each for each in asked.messages if _has_words(each)], [])


def _has_words(question: Sequence[Mapping[str, str]]) -> bool:
    return bool(words_of(question).strip())


def _moved(threshold: float, calibration: Calibration) -> float:
    """Where a threshold stands among calibrated probabilities of labels that are given each by itself."""
    bounded = min(max(threshold, 1e-6), 1 - 1e-6)
    score = calibration.slope * np.log(bounded / (1 - bounded)) + calibration.shift
    return min(max(round(float(1 / (1 + np.exp(-score))), 6), 1e-6), 1 - 1e-6)
