"""What one import is asked to do, and the report of the rows that it could not take."""

import csv
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO

from django.core.files import File
from django.utils import timezone

from common.problems import ProblemError
from labeling import splits
from labeling.formats import SHAPES
from labeling.import_columns import require_columns
from labeling.importers import FORMATS, WITHOUT_COLUMNS, ColumnMapping, ImportFormatError, Row
from labeling.kinds import kind_of, whole
from labeling.models import ImportBatch, Project, TaskSpec
from labeling.recognising import recognise
from labeling.services.golden import refusals, stored_answer
from labeling.services.samples import NewText, samples_of, splits_of
from labeling.services.spellings import Spellings
from labeling.ways import INDEPENDENT, Given

ANSWERS = ("none", "all", "test")
# How a file says that an answer was given which leans on nothing; where it says nothing, it is taken at its word.
_INDEPENDENT = ("", *INDEPENDENT)
_CERTIFIED = "The answer is not taken: a model gave it, and a certificate accepted it. A new text waits for its review."


class BadRows:
    """Bad rows, written to a temporary CSV file as they come."""

    def __enter__(self) -> "BadRows":
        self.count = 0
        self.file: IO[str] = tempfile.NamedTemporaryFile("w+", encoding="utf-8", newline="", suffix=".csv")
        self.writer = csv.writer(self.file)
        self.writer.writerow(["line", "reason"])
        return self

    def __exit__(self, *exc: object) -> None:
        self.file.close()

    def add(self, line: int, reason: str) -> None:
        self.count += 1
        self.writer.writerow([line, reason])

    def save(self, batch: ImportBatch) -> str:
        """Put the report where the batch keeps it; its name there, empty where no row was bad."""
        if not self.count:
            return ""
        self.file.flush()
        with open(self.file.name, "rb") as content:
            batch.report.save(f"bad-rows-{batch.uid}.csv", File(content), save=False)
        return str(batch.report.name)


@dataclass(frozen=True)
class ImportJob:
    """What the options of a batch say, resolved once. Answers that an import gave `since` then may be its own."""

    project: Project
    task: TaskSpec
    format: str
    answers: str
    join: bool
    told: bool
    since: datetime
    mapping: ColumnMapping

    @classmethod
    def of(
        cls, batch: ImportBatch, source: BinaryIO, options: dict[str, Any] | None = None, most: int | None = None
    ) -> "ImportJob":
        """What the options say (those of the batch where none are given), the rest by what `source` is.

        It stands at its begin afterwards. Columns are looked for in `most` rows, in all where it is None. Raises
        `ImportFormatError` where it is no such file, or has no such column.
        """
        said = dict(batch.options if options is None else options)
        answers, join = said.pop("answers", "none"), said.pop("join", False)
        told = said.pop("told", False)
        asked = recognise(source, batch.name, said).options
        format = asked.pop("format")
        if asked.get("shape"):
            asked |= {"text": "text", "answer": "answer" if answers != "none" else None}
        kind, task = kind_of(batch.project), batch.project.spec
        asked |= {"answer_is_text": not kind.is_json, "input_form": kind.input.name, "instruction": task.instruction}
        asked |= {"takes_spans": kind.has_places}
        mapping = ColumnMapping.from_options(asked)
        require_columns(source, format, mapping, most)
        # A trial or a look has brought nothing in that could be its own.
        since = timezone.now() if batch.asked_at is None or batch.is_trial else batch.asked_at
        return cls(batch.project, task, format, answers, join and kind.can_join, told, since, mapping)

    def check(self, rows: Iterable[Row], report: BadRows) -> Iterator[tuple[int, NewText]]:
        """The good rows by line, with their known answers where those are wanted; bad rows go into the report."""
        rows = list(rows)
        split_of: dict[str, str] = {}
        if self.answers == "test":
            split_of = splits_of(self.project, {splits.group_key(row.text) for row in rows if not row.error})
        spellings = Spellings(self.task, (row.text for row in rows if not row.error))
        for row in rows:
            wanted = self.answers == "all" or (
                self.answers == "test" and not row.error and split_of[splits.group_key(row.text)] == "test"
            )
            if row.error:
                report.add(row.line, row.error)
                continue
            try:
                raw = row.answer_raw if wanted else None
                if raw is not None and row.given == Given.CERTIFIED:
                    report.add(row.line, _CERTIFIED)
                    raw = None
                answer = None if raw is None else stored_answer(self.task, raw, whole(row.text, row.input))
                answer = spellings.fit(row.text, answer)
            except ProblemError as error:
                report.add(row.line, str(error))
                continue
            given = Given.IMPORTED if row.given in _INDEPENDENT else Given.SEEN
            told = row.told if self.told else ()
            yield row.line, NewText(row.text, row.external_id, answer, row.input, told, given)

    def list_untaken(self, rows: Iterable[tuple[int, NewText]], report: BadRows) -> int:
        """Say of each known answer that is not its text's answer now why that is; how many there are."""
        said = [(line, text.answer, text) for line, text in rows if text.answer is not None]
        samples = samples_of(self.project, (text for _, _, text in said))
        known = [(samples[splits.content_hash(text.text)], answer) for _, answer, text in said]
        reasons = [(line, why) for (line, *_), why in zip(said, refusals(known, self.task), strict=True) if why]
        for line, why in reasons:
            report.add(line, f"The answer is not taken. {why}")
        return len(reasons)


def check_options(options: dict[str, Any]) -> None:
    """Raise `ProblemError` on options of an import that mean nothing."""
    rest = dict(options)
    answers, format = rest.pop("answers", "none"), rest.pop("format", None)
    rest.pop("join", None), rest.pop("told", None)
    if answers not in ANSWERS:
        raise ProblemError(f"Unknown choice of answers {answers!r}; choose one of {', '.join(ANSWERS)}.")
    known = (*FORMATS, *SHAPES)
    if format and format not in known:
        raise ProblemError(f"Unknown format {format!r}; choose one of {', '.join(known)}.")
    try:
        mapping = ColumnMapping.from_options(rest)
    except (ImportFormatError, TypeError) as error:
        raise ProblemError(str(error)) from error
    if answers != "none" and mapping.answer is None and format not in WITHOUT_COLUMNS:
        raise ProblemError("Say which column holds the known answers.")
