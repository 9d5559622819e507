"""Readers of JSONL, JSON, CSV and TSV files: one row after the other, in constant memory.

A row that cannot be read comes out with its line number and the reason in `error`, and reading goes on. Only what
spoils the whole file (an unknown format, a column that is not there) raises `ImportFormatError`.
"""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from labeling.import_cells import ColumnMapping, ImportFormatError, Row, column_index, read_row

__all__ = ["FORMATS", "ColumnMapping", "ImportFormatError", "Row", "read_rows"]

FORMATS = ("jsonl", "json", "csv", "tsv")

# A line or a field beyond this is no text to label: most often it is a quote that never closes.
MAX_LINE = 4_000_000
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_rows(
    source: str | Path | BinaryIO, format: str | None = None, mapping: ColumnMapping | None = None
) -> Iterator[Row]:
    """Yield the rows of `source`, a path or an open binary file.

    `format` is one of `FORMATS`; None takes it from the file's name. Lines count from 1; in a JSON array the
    element's number stands for the line. Blank lines are passed over. Raises `ImportFormatError`.
    """
    mapping = mapping or ColumnMapping()
    format = format or _format_of(source)
    if format not in FORMATS:
        raise ImportFormatError(f"Unknown format {format!r}; choose one of {', '.join(FORMATS)}.")
    with _opened(source) as stream:
        if format == "json":
            yield from _read_json(stream, mapping)
            return
        text = io.TextIOWrapper(stream, _encoding(stream, mapping), errors="surrogateescape", newline="")
        try:
            lines = _Lines(text)
            yield from _read_jsonl(lines, mapping) if format == "jsonl" else _read_csv(lines, format, mapping)
        except UnicodeError as error:  # only encodings other than UTF-8 come here: they cannot be read past a fault
            yield Row(0, error=f"The file is not in {text.encoding}: {error}.")
        finally:
            text.detach()  # or the wrapper closes the caller's file


class _LineTooLongError(ValueError):
    pass


class _Lines(Iterator[str]):
    """The lines of a text file; a line over `MAX_LINE` is passed over and raises, and the next call goes on."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text
        self.number = 0

    def __next__(self) -> str:
        line = self.text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) < MAX_LINE or line.endswith(("\n", "\r")):
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self.text.readline(MAX_LINE)
        raise _LineTooLongError(f"The line is longer than {MAX_LINE} characters.")


def _read_jsonl(lines: _Lines, mapping: ColumnMapping) -> Iterator[Row]:
    while True:
        try:
            line = next(lines)
            if not line.strip():
                continue
            record = json.loads(line)
        except StopIteration:
            return
        except RecursionError:
            yield Row(lines.number, error="The JSON is nested too deeply.")
        except ValueError as error:
            yield Row(lines.number, error=f"Not a line of JSON: {error}.")
        else:
            yield read_row(lines.number, record, mapping)


def _read_csv(lines: _Lines, format: str, mapping: ColumnMapping) -> Iterator[Row]:
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))
    # strict: a stray quote is reported; without it, text would be changed or rows swallowed in silence.
    reader = csv.reader(
        lines,
        delimiter=mapping.delimiter or ("\t" if format == "tsv" else ","),
        quoting=csv.QUOTE_MINIMAL if mapping.quoted else csv.QUOTE_NONE,
        strict=True,
    )
    names: list[str] | None = None
    while True:
        start = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _LineTooLongError) as error:
            yield Row(start, error=_csv_reason(error, start, lines.number))
            continue
        if not any(cells):
            continue
        if mapping.has_header and names is None:
            names = [cell.strip() for cell in cells]
            for column in mapping.columns:
                column_index(column, names)
            continue
        yield _csv_row(start, cells, names, mapping)


def _csv_row(start: int, cells: list[str], names: list[str] | None, mapping: ColumnMapping) -> Row:
    if names is not None and len(cells) != len(names):
        return Row(start, error=f"The row has {len(cells)} columns, the header {len(names)}.")
    try:
        record = {column: cells[column_index(column, names)] for column in mapping.columns}
    except IndexError:
        return Row(start, error=f"The row has only {len(cells)} columns.")
    return read_row(start, record, mapping)


def _csv_reason(error: Exception, start: int, end: int) -> str:
    where = f" (it runs to line {end}; look for a quote that is not closed)" if end > start else ""
    return f"Not a row of the table: {error}{where}."


def _read_json(stream: io.BufferedReader, mapping: ColumnMapping) -> Iterator[Row]:
    # Imported here: only this format needs it.
    import ijson

    skip = 3 if stream.peek(3).startswith(_BOMS[0][0]) else 0
    stream.read(skip)
    if stream.peek(64)[:64].lstrip()[:1] == b"{" and mapping.path == "item":
        raise ImportFormatError("The file holds no list; choose the format jsonl, or give the list's path.")
    number = 0
    try:
        for record in ijson.items(stream, mapping.path, use_float=True):
            number += 1
            yield read_row(number, record, mapping)
    except (ijson.JSONError, ValueError, RecursionError) as error:
        # A broken list cannot be read past its fault: say where, keep what came before.
        yield Row(number + 1, error=f"The JSON breaks off here, nothing after it was read: {error}.")
        return
    if number == 0 and mapping.path != "item":
        raise ImportFormatError(f"There are no rows at {mapping.path!r}; for {{'data': [...]}} the path is data.item.")


def _format_of(source: str | Path | BinaryIO) -> str:
    name = source if isinstance(source, str | Path) else getattr(source, "name", "")
    suffix = Path(str(name)).suffix.lower().lstrip(".")
    return {"ndjson": "jsonl", "tab": "tsv"}.get(suffix, suffix)


@contextmanager
def _opened(source: str | Path | BinaryIO) -> Iterator[io.BufferedReader]:
    if isinstance(source, str | Path):
        with open(source, "rb") as stream:
            yield stream
        return
    # Django's uploads have readinto, which is all that is asked for, without being a RawIOBase.
    stream = io.BufferedReader(cast(io.RawIOBase, source))
    try:
        yield stream
    finally:
        stream.detach()


def _encoding(stream: io.BufferedReader, mapping: ColumnMapping) -> str:
    start = stream.peek(3)[:3]
    return next((encoding for bom, encoding in _BOMS if start.startswith(bom)), mapping.encoding)
