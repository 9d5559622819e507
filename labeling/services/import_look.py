"""A look at an uploaded file before it is imported: what it is, its first rows, and what they would come in as."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from common.text import storable
from labeling.import_cells import ImportFormatError, Row
from labeling.import_paths import RowError, pick
from labeling.importers import read_rows
from labeling.models import ImportBatch
from labeling.recognising import Recognised, recognise
from labeling.services.import_job import ImportJob
from labeling.tables import TEXT_NAMES

_ROWS = 8
_COLUMNS = 30
_LONGEST = 120
_ANSWER_NAMES = ("label", "labels", "category", "class", "tags", "answer", "output", "response", "completion")


@dataclass(frozen=True)
class Look:
    """What is shown. `cells` are the first rows as they stand, by column; `read` the same as they would be read."""

    told: str = ""
    error: str = ""
    columns: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    read: list[Row] = field(default_factory=list)
    is_shaped: bool = False

    @property
    def likely_text(self) -> str:
        """The column that holds the text, by its name, else by its length; empty where the format says it."""
        if self.is_shaped or "text" in self.columns or not self.columns:
            return ""
        named = [name for name in self.columns if name.rpartition(".")[2].casefold() in TEXT_NAMES]
        sizes = {name: sum(len(row[at]) for row in self.cells) for at, name in enumerate(self.columns)}
        return named[0] if named else max(self.columns, key=lambda name: sizes[name])

    @property
    def likely_answer(self) -> str:
        """The column that may hold the answer, by its name."""
        if self.is_shaped:
            return ""
        return next((name for name in self.columns if name.rpartition(".")[2].casefold() in _ANSWER_NAMES), "")


def look(batch: ImportBatch, options: dict[str, Any]) -> Look:
    """Look at the beginning of an uploaded file, read by these options. What is wrong is said in `error`."""
    said = {name: value for name, value in options.items() if name not in ("answers", "join")}
    found: Recognised | None = None
    error, rows = "", list[Row]()
    try:
        with batch.file.open("rb") as upload:
            found = recognise(upload.file, batch.name, said)
            job = ImportJob.of(batch, upload.file, options)
            with closing(cast("Any", read_rows(upload.file, job.format, job.mapping))) as reading:
                rows = list(islice(reading, _ROWS))
    except ImportFormatError as problem:
        error = str(problem)
    except OSError:
        error = "The file lies on another host, or is gone. Upload it again."
    if found is None:
        return Look(error=error)
    columns = [storable(name) for name in found.columns[:_COLUMNS]]
    return Look(found.told, error, columns, list(_cells(found)), rows, "shape" in found.options)


def _cells(found: Recognised) -> Iterator[list[str]]:
    for record in found.records[:_ROWS]:
        yield [_shown(record, column) for column in found.columns[:_COLUMNS]]


def _shown(record: Any, column: str) -> str:
    try:
        value = pick(record, column, "")
    except RowError:
        return ""
    text = storable(value if isinstance(value, str) else str(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
