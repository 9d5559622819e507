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
# Rows in which a column is looked for while somebody waits.
_LOOKED_AT = 1000
_COLUMNS = 30
_LONGEST = 120


@dataclass(frozen=True)
class Look:
    """What is shown. `cells` are the first rows as they stand, by column; `read` the same as they would be read.

    `likely_text` is the column that is taken for the text where none is chosen; empty where one is, or need not be.
    """

    told: str = ""
    error: str = ""
    columns: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    read: list[Row] = field(default_factory=list)
    is_shaped: bool = False
    likely_text: str = ""


def look(batch: ImportBatch, options: dict[str, Any]) -> Look:
    """Look at the beginning of an uploaded file, read by these options. What is wrong is said in `error`."""
    said = {name: value for name, value in options.items() if name not in ("answers", "join", "told")}
    found: Recognised | None = None
    error, rows, likely = "", list[Row](), ""
    try:
        with batch.file.open("rb") as upload:
            found = recognise(upload.file, batch.name, said)
            likely = "" if said.get("text") not in (None, "") or "shape" in found.options else _likely_text(found)
            job = ImportJob.of(batch, upload.file, {**options, "text": likely} if likely else options, _LOOKED_AT)
            with closing(cast("Any", read_rows(upload.file, job.format, job.mapping))) as reading:
                rows = list(islice(reading, _ROWS))
    except ImportFormatError as problem:
        error = str(problem)
    except OSError:
        error = "The file lies on another host, or is gone. Upload it again."
    if found is None:
        return Look(error=error)
    columns = [storable(name) for name in found.columns[:_COLUMNS]]
    return Look(found.told, error, columns, list(_cells(found)), rows, "shape" in found.options, likely)


def _likely_text(found: Recognised) -> str:
    """The column that holds the text, by its name, else by its length; empty where it is called `text`, or a number."""
    columns = found.columns[:_COLUMNS]
    if "text" in columns or not columns or found.options.get("header") is False:
        return ""
    named = [name for name in columns if name.rpartition(".")[2].casefold() in TEXT_NAMES]
    sizes = {name: sum(len(row[at]) for row in _cells(found)) for at, name in enumerate(columns)}
    return named[0] if named else max(columns, key=lambda name: sizes[name])


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
