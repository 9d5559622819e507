"""A column that is not there spoils the whole file, in every format: nothing is imported beside a wrong name."""

from itertools import islice
from typing import BinaryIO

from labeling.import_cells import ColumnMapping, ImportFormatError
from labeling.import_paths import has_column
from labeling.importers import records_of

_SHOWN = 20


def require_columns(source: BinaryIO, format: str, mapping: ColumnMapping, most: int | None = None) -> None:
    """Raise `ImportFormatError` where no row of a file of JSON has one of the columns that were asked for.

    It reads until each was seen once, mostly in the first row, and `most` rows at most. A table is held to its header
    as it is read. `source` stands at its begin afterwards.
    """
    if format == "text" and mapping.answer is not None:
        raise ImportFormatError("A file of plain text has no answers. Say that its rows wait for review.")
    if not mapping.columns or format not in ("json", "jsonl"):
        return
    missing, names = list(mapping.columns), None
    try:
        for record in islice(records_of(source, format, mapping), most):
            names = names if names is not None or not isinstance(record, dict) else list(record)
            missing = [column for column in missing if not has_column(record, column)]
            if not missing:
                break
    except ValueError:
        return  # it breaks off: the import lists where
    finally:
        source.seek(0)
    if missing and names is not None:
        there = ", ".join(map(repr, names[:_SHOWN]))
        raise ImportFormatError(f"No row has {missing[0]!r}; the first one has {there}.")
