"""The rows of an XLSX file's first sheet, with what Python brings: a zip archive of XML, read piece by piece.

What unpacks into more than the limits say is refused, and so is XML that declares anything of its own. Dates and times
come as the numbers that the file holds; a sheet that is to be read as it is shown is saved as CSV.
"""

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

# Bytes of texts that many cells share: they are held in memory while the sheet is read.
MAX_TEXTS = 64_000_000
_MAX_PART = 4_000_000_000
_MAX_SMALL = 4_000_000
_MAX_COLUMNS = 16_384
_BLOCK = 65_536
_WORKBOOK, _SHARED = "xl/workbook.xml", "xl/sharedStrings.xml"


class SpreadsheetError(ValueError):
    """The file cannot be read; the message says why, as a sentence."""


def is_spreadsheet(stream: IO[bytes]) -> bool:
    """Whether a zip archive holds a workbook."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return _WORKBOOK in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def sheet_rows(stream: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row of the first sheet, each as wide as the first. Raises `SpreadsheetError`."""
    try:
        with zipfile.ZipFile(stream) as archive:
            shared = _Texts().of(archive)
            width = 0
            for number, cells in _Rows(shared).of(archive, _first_sheet(archive)):
                while not cells[-1]:
                    cells.pop()
                width = width or len(cells)
                yield number, cells + [""] * (width - len(cells))
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise SpreadsheetError(f"The spreadsheet cannot be unpacked: {error}.") from error
    except expat.ExpatError as error:
        raise SpreadsheetError(f"The spreadsheet is broken: {error}.") from error


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


class _Part:
    """One part of the archive, given to a parser in blocks."""

    limit = _MAX_PART

    def parser(self) -> Any:
        made = expat.ParserCreate()
        made.buffer_text = True
        made.StartDoctypeDeclHandler = self._refuse
        made.StartElementHandler = lambda name, given: self.begin(name.rpartition(":")[2], given)
        made.EndElementHandler = lambda name: self.end(name.rpartition(":")[2])
        made.CharacterDataHandler = self.words
        return made

    def blocks(self, archive: zipfile.ZipFile, name: str) -> Iterator[None]:
        """Parse it; comes back after each block."""
        parser, size = self.parser(), 0
        with archive.open(name) as part:
            while block := part.read(_BLOCK):
                size += len(block)
                if size > self.limit:
                    raise SpreadsheetError("The spreadsheet unpacks into more than is read. Save the sheet as CSV.")
                parser.Parse(block, False)
                yield
        parser.Parse(b"", True)
        yield

    def read(self, archive: zipfile.ZipFile, name: str) -> None:
        """Parse all of it."""
        for _ in self.blocks(archive, name):
            pass

    def begin(self, name: str, given: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def words(self, text: str) -> None:
        """Text inside of the elements."""

    def _refuse(self, *declared: object) -> None:
        raise SpreadsheetError("The spreadsheet declares XML of its own, which is not read.")


class _Attributes(_Part):
    """The attributes of all elements of one name."""

    limit = _MAX_SMALL

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[dict[str, str]] = []

    def begin(self, name: str, given: dict[str, str]) -> None:
        if name == self.name:
            self.found.append(given)


class _Texts(_Part):
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


class _Rows(_Part):
    """The cells of a sheet, row by row."""

    def __init__(self, shared: list[str]) -> None:
        self.shared = shared
        self.ready: list[tuple[int, list[str]]] = []
        self.cells: list[str] = []
        self.parts: list[str] = []
        self.number, self.kind, self.inside, self.at = 0, "", False, 0

    def of(self, archive: zipfile.ZipFile, name: str) -> Iterator[tuple[int, list[str]]]:
        """The rows that hold anything."""
        for _ in self.blocks(archive, name):
            yield from self.ready
            self.ready = []

    def begin(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            number = given.get("r", "")
            self.number = int(number) if number.isdecimal() and len(number) < 9 else self.number + 1
            self.cells = []
        elif name == "c":
            self.kind, self.parts = given.get("t", ""), []
            self.at = _column_of(given.get("r", "")) or len(self.cells)
        self.inside = name in ("v", "t")

    def words(self, text: str) -> None:
        if self.inside:
            self.parts.append(text)

    def end(self, name: str) -> None:
        self.inside = False
        if name == "c":
            self.cells += [""] * (self.at - len(self.cells))
            self.cells.append(self._value("".join(self.parts)))
        elif name == "row" and any(self.cells):
            self.ready.append((self.number, self.cells))

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
