"""Which table a text is: its delimiter, its quotes, its header and first rows."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

_DELIMITERS = {"csv": ",", "tsv": "\t"}
_TRIED = ("\t", ",", ";", "|")
_LINES = 200
# What the column of the text is called most often: a table in a file that is not called one is known by it.
TEXT_NAMES = ("text", "content", "body", "message", "question", "prompt", "sentence", "instruction")


@dataclass(frozen=True)
class Table:
    """A table in CSV or TSV. `rows` are its first ones, the header among them; all as wide as the first."""

    format: str
    delimiter: str = ""
    quoted: bool = True
    rows: list[list[str]] = field(default_factory=list)
    has_header: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "delimiter", self.delimiter or _DELIMITERS[self.format])

    @property
    def columns(self) -> list[str]:
        """What its columns are called; positions where it has no header."""
        if not self.rows:
            return []
        return (
            [cell.strip() for cell in self.rows[0]] if self.has_header else [str(n) for n in range(len(self.rows[0]))]
        )

    @property
    def records(self) -> list[dict[str, str]]:
        """Its first rows by the names of the columns."""
        return [dict(zip(self.columns, row, strict=False)) for row in self.rows[self.has_header :]]


def table_in(text: str, is_whole: bool, said: Mapping[str, Any], *, by_name: str = "") -> Table | None:
    """The table that a file's beginning is; None where it is none. `by_name`: the file is called one, csv or tsv.

    `said` may hold its delimiter, quotes and header, and names of columns that it has to have.
    """
    delimiters = [said["delimiter"]] if said.get("delimiter") else _TRIED
    tried = [_read(text, is_whole, each, said) for each in delimiters]
    wanted = {str(said[name]) for name in ("text", "answer", "external_id") if said.get(name) not in (None, "")}
    named = [table for table in tried if len(table.columns) > 1 and wanted and wanted <= set(table.columns)]
    even = [table for table in tried if _is_even(table)]
    found = next(iter(named or sorted(even, key=lambda table: -len(table.rows[0]))), None)
    if found is None:
        return _read(text, is_whole, said.get("delimiter") or _DELIMITERS[by_name], said) if by_name else None
    is_known = (
        by_name or named or found.delimiter == "\t" or {*TEXT_NAMES} & {name.casefold() for name in found.columns}
    )
    return found if is_known else None


def _read(text: str, is_whole: bool, delimiter: str, said: Mapping[str, Any]) -> Table:
    quoted = said.get("quoted", True)
    rows = _rows(text, is_whole, delimiter, quoted)
    if rows is None:
        # Quotes that stand anywhere are no quotes of a table.
        plain = _rows(text, is_whole, delimiter, False) or []
        if "quoted" not in said and plain and all(len(row) == len(plain[0]) for row in plain):
            quoted, rows = False, plain
    format = "tsv" if delimiter == "\t" else "csv"
    return Table(format, delimiter, quoted, rows or [], has_header(rows or [], said))


def has_header(rows: list[list[str]], said: Mapping[str, Any]) -> bool:
    """Whether the first row holds the columns' names, by what was said of them."""
    return said.get("header") is not False and not _by_position(rows, said)


def _by_position(rows: list[list[str]], said: Mapping[str, Any]) -> bool:
    """Whether all columns were given as positions, and none is called so."""
    asked = [said[name] for name in ("text", "answer", "external_id") if said.get(name) not in (None, "")]
    digits = [each for each in asked if isinstance(each, int)]
    if not digits or len(digits) < len(asked) or said.get("header"):
        return False
    return not rows or not {str(each) for each in digits} <= {cell.strip() for cell in rows[0]}


def _rows(text: str, is_whole: bool, delimiter: str, quoted: bool) -> list[list[str]] | None:
    """The first rows that are not blank; None where the quotes make no sense."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(
        lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE, strict=True
    )
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in islice(reader, _LINES) if any(row))
    except csv.Error:
        if is_whole or lines.read(1):
            return None
        return rows  # the beginning of a file ends inside of a quoted cell
    if not is_whole and not lines.read(1) and len(rows) > 1:
        rows.pop()
    return rows


def _is_even(table: Table) -> bool:
    """Whether it has several columns, and nearly every row as many as the first."""
    if not table.rows or len(table.rows[0]) < 2:
        return False
    same = sum(len(row) == len(table.rows[0]) for row in table.rows)
    return same * 10 >= len(table.rows) * 9 if len(table.rows) > 2 else same == len(table.rows)
