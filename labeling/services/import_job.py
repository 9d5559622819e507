"""What one import is asked to do, and the report of the rows that it could not take."""

import csv
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.core.files import File

from labeling import splits
from labeling.importers import FORMATS, ColumnMapping, ImportFormatError, Row
from labeling.kinds import AnswerError, canonical
from labeling.models import ImportBatch, Kind, Project, TaskSpec
from labeling.problems import ProblemError
from labeling.services.samples import NewText, splits_of

ANSWERS = ("none", "all", "test")
_FORMAT_OF = {"ndjson": "jsonl", "tab": "tsv"}


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
    """What the options of a batch say, resolved once."""

    project: Project
    task: TaskSpec
    format: str
    answers: str
    mapping: ColumnMapping

    @classmethod
    def of(cls, batch: ImportBatch) -> "ImportJob":
        options = dict(batch.options)
        format = options.pop("format", None) or Path(batch.name).suffix.lower().lstrip(".")
        answers = options.pop("answers", "none")
        if batch.project.kind == Kind.TEXT:
            options["answer_is_text"] = True
        task = batch.project.spec
        return cls(batch.project, task, _FORMAT_OF.get(format, format), answers, ColumnMapping.from_options(options))

    def check(self, rows: Iterable[Row], report: BadRows) -> Iterator[NewText]:
        """The good rows, with their known answers where those are wanted; bad rows go into the report."""
        rows = list(rows)
        split_of: dict[str, str] = {}
        if self.answers == "test":
            split_of = splits_of(self.project, {splits.group_key(row.text) for row in rows if not row.error})
        spec = self.task.to_spec()
        for row in rows:
            wanted = self.answers == "all" or (
                self.answers == "test" and not row.error and split_of[splits.group_key(row.text)] == "test"
            )
            if row.error:
                report.add(row.line, row.error)
                continue
            try:
                answer = canonical(spec, row.answer_raw) if wanted and row.answer_raw is not None else None
            except AnswerError as error:
                report.add(row.line, str(error))
                continue
            yield NewText(row.text, row.external_id, answer)


def check_options(options: dict[str, Any]) -> None:
    """Raise `ProblemError` on options of an import that mean nothing."""
    rest = dict(options)
    answers, format = rest.pop("answers", "none"), rest.pop("format", None)
    if answers not in ANSWERS:
        raise ProblemError(f"Unknown choice of answers {answers!r}; choose one of {', '.join(ANSWERS)}.")
    if format and format not in FORMATS:
        raise ProblemError(f"Unknown format {format!r}; choose one of {', '.join(FORMATS)}.")
    try:
        mapping = ColumnMapping.from_options(rest)
    except (ImportFormatError, TypeError) as error:
        raise ProblemError(str(error)) from error
    if answers != "none" and mapping.answer is None:
        raise ProblemError("Say which column holds the known answers.")
