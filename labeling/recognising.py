"""What a file is, by its beginning: encoding, format, delimiter, header, where the rows are, and how they are laid out.

Nothing that was said is overruled; what was not said is found here. The name of the file is a hint, its content counts.
"""

import codecs
import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from common import jsonbounds
from common.jsonl import BoundedLines
from labeling.formats import SHAPES, Shape, shape_of
from labeling.formats.tagged import TaggedRows
from labeling.import_cells import MAX_LINE, ImportFormatError
from labeling.import_conll import conll_rows
from labeling.import_json import first_list, whole_records
from labeling.import_paths import columns_of, has_column
from labeling.importers import FORMATS, bom_of, suffix_of
from labeling.spreadsheets import SpreadsheetError, is_spreadsheet, sheet_rows
from labeling.tables import Table, has_header, table_in

HEAD = 262_144
ROWS = 50
_FOREIGN = (
    (
        b"PAR1",
        "This is a Parquet file, which is not read here. Write it as JSONL or CSV first (pandas: to_json, to_csv).",
    ),
    (b"PK\x03\x04", "This is an archive, which is not read here. Unpack it first."),
    (
        b"\xd0\xcf\x11\xe0",
        "This is a spreadsheet of the old kind, which is not read here. Save the sheet as CSV first.",
    ),
    (b"\x1f\x8b", "This file is compressed (gzip). Unpack it first."),
)
_ENCODING_NAMES = {"cp1252": "Windows-1252", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-8": "UTF-8"}


@dataclass(frozen=True)
class Recognised:
    """What was found: options that read the file, and its first rows as they stand."""

    options: dict[str, Any]
    records: list[Any] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """What it is, in words."""
        shape = self.options.get("shape")
        parts = [SHAPES[shape].title if shape else "", str(self.options["format"]).upper()]
        if self.options["format"] != "xlsx":
            parts.append(_ENCODING_NAMES.get(self.options["encoding"], self.options["encoding"]))
        if delimiter := self.options.get("delimiter"):
            parts.append(f"columns between {'tabs' if delimiter == chr(9) else repr(delimiter)}")
        if self.options.get("quoted") is False:
            parts.append("quotes are plain characters")
        if path := self.options.get("path"):
            parts.append(f"rows at {path}")
        return ", ".join(part for part in parts if part)


def recognise(stream: BinaryIO, name: str, said: Mapping[str, Any]) -> Recognised:
    """What a file is. `said` are options of an import, `format` among them; the stream stands at its begin afterwards.

    Raises `ImportFormatError` where the file is empty, or of a kind that is not read here.
    """
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(0)
    if head.startswith(b"PK") and is_spreadsheet(stream):
        return _of_sheet(stream, said)
    _refuse(head)
    if said.get("format") == "xlsx":
        raise ImportFormatError("This is no spreadsheet (XLSX). Leave the format open, and it is found.")
    encoding = str(said.get("encoding") or _encoding(head))
    text = codecs.getincrementaldecoder(bom_of(head) or encoding)("replace").decode(head, len(head) < HEAD)
    text = text.removeprefix("\ufeff")
    asked = said.get("format")
    found = _container(text, head, name, said) if asked not in FORMATS else _as(asked, text, head, said)
    options = {**said, **{key: value for key, value in found.options.items() if key not in said or key == "format"}}
    options.setdefault("encoding", encoding)
    shape = _shape(found.records, said)
    if shape is not None:
        options["shape"] = shape.name
    return Recognised(options, found.records[:ROWS], found.columns)


def _shape(rows: list[Any], said: Mapping[str, Any]) -> Shape | None:
    if said.get("format") in SHAPES:
        return SHAPES[said["format"]]
    named = {"text", "answer"} & {key for key, value in said.items() if value is not None}
    objects = [row for row in rows if isinstance(row, dict)]
    return shape_of(objects) if objects and not named and said.get("header") is not False else None


def _refuse(head: bytes) -> None:
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise ImportFormatError("The file is empty.")
    for magic, sentence in _FOREIGN:
        if head.startswith(magic):
            raise ImportFormatError(sentence)


def _encoding(head: bytes) -> str:
    """UTF-8, unless it holds more that is none than that is; then what Windows writes, or UTF-16 without a mark."""
    if bom_of(head):
        return str(bom_of(head))
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(head) > 3 and zeros.count(0) * 2 > len(zeros):
            return encoding
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head, False)
    broken = sum("\udc80" <= char <= "\udcff" for char in text)
    whole = sum(char > "\x7f" for char in text) - broken
    if broken <= whole:
        return "utf-8"
    try:
        head.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _container(text: str, head: bytes, name: str, said: Mapping[str, Any]) -> Recognised:
    first = text.lstrip()[:1]
    if first in ("{", "["):
        return _json(text, head, name, said)
    suffix = suffix_of(name)
    if _is_conll(text):
        return _of_conll(text)
    table = table_in(text, len(head) < HEAD, said, by_name=suffix if suffix in ("csv", "tsv") else "")
    return _of_text(text) if table is None else _of_table(table)


def _as(format: str, text: str, head: bytes, said: Mapping[str, Any]) -> Recognised:
    """The same where the format was said."""
    if format == "jsonl":
        return _of_lines(text)
    if format == "json":
        return _of_list(text, said)
    if format == "text":
        return _of_text(text)
    if format == "conll":
        return _of_conll(text)
    return _of_table(table_in(text, len(head) < HEAD, said, by_name=format) or Table(format))


def _json(text: str, head: bytes, name: str, said: Mapping[str, Any]) -> Recognised:
    lines = [line for line in text.split("\n")[:ROWS] if line.strip()]
    values = [_value(line) for line in lines]
    good = [value for value in values if value is not None]
    # A list or an object that goes over lines has no line that is a whole object, but for its innermost ones.
    is_lines = values[0] is not None and isinstance(values[0], dict | list) if len(lines) > 1 else False
    if is_lines or (suffix_of(name) == "jsonl" and len(good) * 2 >= len(lines) and len(lines) > 1):
        return _of_lines(text)
    is_cut = len(head) == HEAD and not good and suffix_of(name) == "jsonl"  # a first row longer than what is looked at
    if is_cut:
        return _of_lines(text)
    if len(lines) == 1 and isinstance(values[0], dict) and _is_row(values[0], said):
        return _of_lines(text)
    return _of_list(text, said)


def _is_row(value: Any, said: Mapping[str, Any]) -> bool:
    """Whether an object is a row itself, and not what rows are wrapped in."""
    if not isinstance(value, dict):
        return False
    return shape_of([value]) is not None or has_column(value, said.get("text") or "text")


def _value(line: str) -> Any:
    try:
        return jsonbounds.loads(line, constants=True)
    except ValueError:
        return None


def _of_lines(text: str) -> Recognised:
    rows = [value for line in text.split("\n")[:ROWS] if (value := _value(line)) is not None]
    return Recognised({"format": "jsonl"}, rows, columns_of(rows))


def _of_list(text: str, said: Mapping[str, Any]) -> Recognised:
    raw = text.encode("utf-8", "replace")
    path = said.get("path")
    if path is None:
        path = "item"
        if text.lstrip().startswith("{"):
            path = "" if any(_is_row(row, said) for row in _rows(raw, "")) else first_list(io.BytesIO(raw))
            if path is None:
                raise ImportFormatError("The file holds one object, and no list of rows in it.")
    rows = _rows(raw, path)
    return Recognised({"format": "json", "path": path}, rows, columns_of(rows))


def _rows(raw: bytes, path: str) -> list[Any]:
    found: list[Any] = []
    with suppress(ValueError):  # the beginning of a file breaks off somewhere
        for value in islice(whole_records(io.BytesIO(raw), path, HEAD), ROWS):
            found.append(value)
    return found


def _of_text(text: str) -> Recognised:
    lines = [line.rstrip("\r") for line in text.split("\n")[:ROWS] if line.strip()]
    return Recognised({"format": "text"}, [{"text": line} for line in lines], ["text"])


def _of_conll(text: str) -> Recognised:
    lines = BoundedLines(io.StringIO(text, newline=""), MAX_LINE, ends=("\n", "\r"))
    rows = [row for _, row, error in islice(conll_rows(lines), ROWS) if not error]
    return Recognised({"format": "conll", "shape": TaggedRows.name}, rows, columns_of(rows))


def _of_table(table: Table) -> Recognised:
    options: dict[str, Any] = {"format": table.format}
    if table.delimiter != Table(table.format).delimiter:
        options["delimiter"] = table.delimiter
    if not table.quoted:
        options["quoted"] = False
    return Recognised(options, table.records[:ROWS], table.columns)


def _of_sheet(stream: BinaryIO, said: Mapping[str, Any]) -> Recognised:
    stream.seek(0)
    try:
        rows = [cells for _, cells in islice(sheet_rows(stream), ROWS)]
    except SpreadsheetError as error:
        raise ImportFormatError(str(error)) from error
    stream.seek(0)
    table = Table("csv", rows=rows, has_header=has_header(rows, said))
    options: dict[str, Any] = {**said, "format": "xlsx", "encoding": "utf-8"}
    shape = _shape(table.records, said)
    return Recognised(options | ({"shape": shape.name} if shape else {}), table.records, table.columns)


def _is_conll(text: str) -> bool:
    """Whether nearly every line that is not blank is a word and, last, O or the begin or inside of something."""
    kept = [line for line in text.split("\n")[:200] if line.strip() and not line.startswith(("-DOCSTART-", "# "))]
    lines = [line.split() for line in kept]
    marked = [
        words for words in lines if len(words) > 1 and (words[-1] == "O" or words[-1][:2] in ("B-", "I-", "E-", "S-"))
    ]
    return len(lines) > 1 and len(marked) * 10 >= len(lines) * 8
