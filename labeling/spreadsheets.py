"""The rows of an XLSX file's first sheet, with what Python brings: a zip archive of XML, read piece by piece.

What unpacks into more than the limits say is refused, and so is XML that declares anything of its own. Dates and times
come as the numbers that the file holds; a sheet that is to be read as it is shown is saved as CSV.
"""

import zipfile
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from labeling.import_cells import MAX_LINE
from labeling.workbooks import BROKEN, MAX_SMALL, Part, SpreadsheetError, opened, too_much

__all__ = ["SpreadsheetError", "is_spreadsheet", "sheet_rows"]

# Bytes of texts that many cells share: they are held in memory while the sheet is read.
MAX_TEXTS = 64_000_000
_MAX_COLUMNS = 16_384
_SHOWN = 200
_WORKBOOK, _SHARED = "xl/workbook.xml", "xl/sharedStrings.xml"


def is_spreadsheet(stream: IO[bytes]) -> bool:
    """Whether a zip archive holds a workbook."""
    try:
        with opened(stream) as archive:
            return _WORKBOOK in archive.namelist()
    except (*BROKEN, OSError):
        return False


def sheet_rows(stream: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row of the first sheet, each as wide as the first. Raises `SpreadsheetError`."""
    try:
        with opened(stream) as archive:
            shared = _Texts().of(archive)
            width = 0
            for number, cells in _Rows(shared).of(archive, _first_sheet(archive)):
                width = width or max(cells) + 1
                yield number, [cells.get(at, "") for at in range(max(width, max(cells) + 1))]
    except SpreadsheetError:
        raise
    except expat.ExpatError as error:
        raise SpreadsheetError(f"The spreadsheet is broken: {error}.") from error
    except BROKEN as error:
        raise SpreadsheetError(f"The spreadsheet cannot be unpacked: {str(error)[:_SHOWN]}.") from error


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """The part that holds it, by the workbook's list and the list of where each sheet lies."""
    sheets, places = _Attributes("sheet"), _Attributes("Relationship")
    sheets.read(archive, _WORKBOOK)
    places.read(archive, "xl/_rels/workbook.xml.rels")
    if not sheets.found:
        raise SpreadsheetError("The spreadsheet has no sheet.")
    ids = [value for name, value in sheets.found[0].items() if name.rpartition(":")[2] == "id" and ":" in name]
    target = next((each["Target"] for each in places.found if each.get("Id") in ids), "worksheets/sheet1.xml")
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


class _Attributes(Part):
    """The attributes of all elements of one name."""

    limit = MAX_SMALL

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[dict[str, str]] = []

    def begin(self, name: str, given: dict[str, str]) -> None:
        if name == self.name:
            self.found.append(given)


class _Texts(Part):
    """The texts that cells point to by number. Readings of a text (`rPh`) are no part of it."""

    limit = MAX_TEXTS

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.parts: list[str] = []
        self.inside = self.aside = False

    def of(self, archive: zipfile.ZipFile) -> list[str]:
        """All of them, none where the file has no such part."""
        if _SHARED in archive.namelist():
            self.read(archive, _SHARED)
        return self.texts

    def begin(self, name: str, given: dict[str, str]) -> None:
        self.inside = name == "t" and not self.aside
        self.aside = self.aside or name == "rPh"

    def words(self, text: str) -> None:
        if self.inside:
            self.parts.append(text)

    def end(self, name: str) -> None:
        self.inside = False
        self.aside = self.aside and name != "rPh"
        if name == "si":
            self.texts.append(_plain("".join(self.parts)))
            self.parts = []


class _Rows(Part):
    """The cells of a sheet, row by row: those that hold anything, by column."""

    def __init__(self, shared: list[str]) -> None:
        self.shared = shared
        self.ready: list[tuple[int, dict[int, str]]] = []
        self.number, self.kind, self.inside = 0, "", False
        self._empty()

    def _empty(self) -> None:
        self.cells: dict[int, str] = {}
        self.parts: list[str] = []
        self.at = self.after = self.length = 0

    def of(self, archive: zipfile.ZipFile, name: str) -> Iterator[tuple[int, dict[int, str]]]:
        """The rows that hold anything."""
        for _ in self.blocks(archive, name):
            yield from self.ready
            self.ready = []

    def begin(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            number = given.get("r", "")
            self.number = int(number) if number.isdecimal() and len(number) < 9 else self.number + 1
            self._empty()
        elif name == "c":
            self.kind, self.parts = given.get("t", ""), []
            self.at = max(_column_of(given.get("r", "")), self.after)
        self.inside = name in ("v", "t")

    def words(self, text: str) -> None:
        if self.inside:
            self.parts.append(text)
            self._count(len(text))

    def end(self, name: str) -> None:
        self.inside = False
        if name == "c":
            if value := self._value("".join(self.parts)):
                self.cells[self.at] = value
            self._count(len(value) if self.kind == "s" else 0)
            self.after = self.at + 1
        elif name == "row":
            if self.cells:
                self.ready.append((self.number, self.cells))
            self._empty()

    def _count(self, characters: int) -> None:
        self.length += characters
        if self.length > MAX_LINE or self.at >= _MAX_COLUMNS:
            raise too_much()

    def _value(self, text: str) -> str:
        if self.kind == "s":
            number = int(text) if text.isdecimal() and len(text) < 10 else -1
            return self.shared[number] if 0 <= number < len(self.shared) else ""
        if self.kind == "b":
            return {"1": "true", "0": "false"}.get(text, text)
        return _plain(text) if self.kind in ("inlineStr", "str") else text.removesuffix(".0")


def _column_of(place: str) -> int:
    """The number from 0 of a column such as the C of C7; 0 where there is none."""
    number = 0
    for char in place[:3].upper():
        if not "A" <= char <= "Z":
            break
        number = number * 26 + ord(char) - 64
    return min(max(number - 1, 0), _MAX_COLUMNS)


def _plain(text: str) -> str:
    """A text as it was typed: a carriage return is written as an escape."""
    return text.replace("_x000D_", "")
