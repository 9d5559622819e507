"""Readers of JSONL, JSON, CSV, TSV, XLSX, CoNLL and plain text files: one row after the other, in constant memory.

A row that cannot be read comes out with its line number and the reason in `error`, and reading goes on. Only what
spoils the whole file (an unknown format, a column that is not there) raises `ImportFormatError`.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from common import jsonl
from labeling.formats import SHAPES
from labeling.formats.plain import COLUMNS, unguarded
from labeling.import_cells import MAX_LINE, ColumnMapping, ImportFormatError, Row, column_index, read_row
from labeling.import_conll import conll_rows
from labeling.import_json import in_utf8, read_json, whole_records
from labeling.import_paths import Column
from labeling.spreadsheets import SpreadsheetError, sheet_rows

__all__ = ["FORMATS", "WITHOUT_COLUMNS", "ColumnMapping", "ImportFormatError", "Row", "read_rows"]

FORMATS = ("jsonl", "json", "csv", "tsv", "text", "xlsx", "conll")
# Those that say themselves what is the text and what the answer.
WITHOUT_COLUMNS = (*SHAPES, "conll")

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
        if format == "xlsx":
            yield from _of_cells(_read_sheet(stream), mapping)
            return
        # A line of JSON ends at a line feed alone, one of another file where its writer thought that it does.
        ends = "\n" if format == "jsonl" else ""
        text = io.TextIOWrapper(stream, _encoding(stream, mapping), errors="surrogateescape", newline=ends)
        readers = {"jsonl": _read_jsonl, "text": _read_text, "conll": _read_conll}
        try:
            if format in readers:
                yield from readers[format](text, mapping)
            else:
                yield from _of_cells(_read_csv(text, format, mapping), mapping)
        except UnicodeError as error:  # only encodings other than UTF-8 come here: they cannot be read past a fault
            yield Row(0, error=f"The file is not in {text.encoding}: {error}.")
        finally:
            text.detach()  # or the wrapper closes the caller's file


def records_of(source: BinaryIO, format: str, mapping: ColumnMapping) -> Iterator[Any]:
    """The rows of a file of JSON as they stand, those that can be read. Raises `ValueError` where it breaks off."""
    with _opened(source) as stream:
        if format == "json":
            yield from whole_records(_json(stream, mapping), mapping.path, MAX_LINE)
            return
        text = io.TextIOWrapper(stream, _encoding(stream, mapping), errors="surrogateescape", newline="\n")
        try:
            yield from (value for _, value, error in jsonl.scan(text, limit=MAX_LINE, constants=True) if not error)
        finally:
            text.detach()


def _read_jsonl(text: io.TextIOWrapper, mapping: ColumnMapping) -> Iterator[Row]:
    # NaN passes, as files of other tools hold it; where it is a text or an answer it is refused as such.
    for number, record, error in jsonl.scan(text, limit=MAX_LINE, constants=True):
        yield Row(number, error=error) if error else read_row(number, record, mapping)


def _read_text(text: io.TextIOWrapper, mapping: ColumnMapping) -> Iterator[Row]:
    """Each line that is not blank is a text."""
    lines = jsonl.BoundedLines(text, MAX_LINE, ends=("\n", "\r"))
    while True:
        try:
            line = next(lines).rstrip("\r\n")
        except StopIteration:
            return
        except jsonl.LineTooLongError as error:
            yield Row(lines.number, error=str(error))
            continue
        if line.strip():
            yield read_row(lines.number, {"text": line}, replace(mapping, text="text", answer=None, external_id=None))


def _read_conll(text: io.TextIOWrapper, mapping: ColumnMapping) -> Iterator[Row]:
    for number, row, error in conll_rows(jsonl.BoundedLines(text, MAX_LINE, ends=("\n", "\r"))):
        yield Row(number, error=error) if error else read_row(number, row, mapping)


def _read_csv(text: io.TextIOWrapper, format: str, mapping: ColumnMapping) -> Iterator[tuple[int, list[str], str]]:
    """The line, the cells, and what is wrong, of each row."""
    lines = jsonl.BoundedLines(text, MAX_LINE, ends=("\n", "\r"))
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))
    # strict: a stray quote is reported; without it, text would be changed or rows swallowed in silence.
    reader = csv.reader(
        lines,
        delimiter=mapping.delimiter or ("\t" if format == "tsv" else ","),
        quoting=csv.QUOTE_MINIMAL if mapping.quoted else csv.QUOTE_NONE,
        strict=True,
    )
    while True:
        start = lines.number + 1
        try:
            yield start, next(reader), ""
        except StopIteration:
            return
        except (csv.Error, jsonl.LineTooLongError) as error:
            yield start, [], _csv_reason(error, start, lines.number)


def _read_sheet(stream: IO[bytes]) -> Iterator[tuple[int, list[str], str]]:
    try:
        yield from ((number, cells, "") for number, cells in sheet_rows(stream))
    except SpreadsheetError as error:
        raise ImportFormatError(str(error)) from error


def _of_cells(rows: Iterator[tuple[int, list[str], str]], mapping: ColumnMapping) -> Iterator[Row]:
    """The rows of a table, whose first one may be its header."""
    names: list[str] | None = None
    for start, cells, error in rows:
        if error:
            yield Row(start, error=error)
        elif any(cells) and names is None and (mapping.has_header or _names_digits(cells, mapping)):
            names = [cell.strip() for cell in cells]
            mapping = _of_header(names, mapping)
        elif any(cells):
            yield _csv_row(start, cells, names, mapping)


def _names_digits(cells: list[str], mapping: ColumnMapping) -> bool:
    """Whether the first row calls its columns by the digits that were asked for, as tables of data frames do."""
    asked = [str(column) for column in mapping.columns]
    return mapping.header is None and bool(asked) and {*asked} <= {cell.strip() for cell in cells}


def _of_header(names: list[str], mapping: ColumnMapping) -> ColumnMapping:
    """The mapping with what the header decides. Raises `ImportFormatError` where a column is not there."""
    mapping = replace(
        mapping,
        text=_named(mapping.text, names),
        answer=_named(mapping.answer, names),
        external_id=_named(mapping.external_id, names),
    )
    at = [column_index(column, names) for column in mapping.columns]
    if mapping.shape and at:
        if at[0] >= len(names):
            raise ImportFormatError(f"There is no column {at[0]}; they go from 0 to {len(names) - 1}.")
        mapping = replace(mapping, external_id=names[at[0]])  # the rows of a shape are objects
    return replace(mapping, guarded=tuple(names) == COLUMNS)


def _named(column: Any, names: list[str]) -> Any:
    """A position as the name that a column has, where one is called so."""
    return str(column) if isinstance(column, int) and str(column) in names else column


def _csv_row(start: int, cells: list[str], names: list[str] | None, mapping: ColumnMapping) -> Row:
    if names is not None and len(cells) != len(names):
        return Row(start, error=f"The row has {len(cells)} columns, the header {len(names)}.")
    if mapping.guarded:
        cells = [unguarded(cell) for cell in cells]
    if mapping.shape and names is not None:
        return read_row(start, dict(zip(names, cells, strict=True)), mapping)
    try:
        record: dict[Column, str] = {column: cells[column_index(column, names)] for column in mapping.columns}
    except IndexError:
        return Row(start, error=f"The row has only {len(cells)} columns.")
    return read_row(start, record, mapping)


def _csv_reason(error: Exception, start: int, end: int) -> str:
    where = f" (it runs to line {end}; look for a quote that is not closed)" if end > start else ""
    return f"Not a row of the table: {error}{where}."


def _read_json(stream: io.BufferedReader, mapping: ColumnMapping) -> Iterator[Row]:
    stream = _json(stream, mapping)
    if stream.peek(64)[:64].lstrip()[:1] == b"{" and mapping.path == "item":
        raise ImportFormatError("The file holds no list; choose the format jsonl, or give the list's path.")
    yield from read_json(stream, mapping, MAX_LINE)


def _json(stream: io.BufferedReader, mapping: ColumnMapping) -> io.BufferedReader:
    return in_utf8(stream, _encoding(stream, mapping))


def _format_of(source: str | Path | BinaryIO) -> str:
    return suffix_of(str(source if isinstance(source, str | Path) else getattr(source, "name", "")))


def suffix_of(name: str) -> str:
    """The format that a file's name gives, where it is one; else how the name ends."""
    suffix = Path(name).suffix.lower().lstrip(".")
    return {"ndjson": "jsonl", "tab": "tsv", "txt": "text"}.get(suffix, suffix)


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
    return bom_of(stream.peek(3)[:3]) or mapping.encoding


def bom_of(start: bytes) -> str:
    """The encoding that a byte order mark gives; empty where there is none."""
    return next((encoding for bom, encoding in _BOMS if start.startswith(bom)), "")
