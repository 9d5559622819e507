"""The parts of a workbook: XML in a zip archive, parsed in blocks within bounds, whatever somebody made up.

Memory stays flat, as the first rows are read while somebody waits.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, ClassVar, cast
from xml.parsers import expat

from common.jsonbounds import MAX_DEPTH
from labeling.import_cells import MAX_LINE

# Bytes of a small part, and of the archive's list of parts.
MAX_SMALL = 4_000_000
_MAX_PART = 4_000_000_000
# Names of elements and attributes; the parser keeps each.
_MAX_NAMES = 10_000
_BLOCK = 65_536
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile, zlib and expat make of such bytes; an `OSError` is the disk's.
BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, ValueError, ArithmeticError, RuntimeError,
    expat.ExpatError,
)  # fmt: skip


class SpreadsheetError(ValueError):
    """The file cannot be read; the message says why, as a sentence."""


class _Sparing:
    """A file that zipfile may not read much of at once, as it does with the archive's list of parts."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.tell, self.seekable, self.stream = stream.tell, stream.seekable, stream

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file; a place before its begin is the archive's fault, not the disk's."""
        if offset < 0 and not whence:
            raise ValueError("a part lies before its begin")
        return self.stream.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """As of any file."""
        if size > MAX_SMALL:
            raise SpreadsheetError("The spreadsheet has more parts than are read. Save the sheet as CSV.")
        return self.stream.read(size)


def opened(stream: IO[bytes]) -> zipfile.ZipFile:
    """The archive. Raises what is `BROKEN`."""
    return zipfile.ZipFile(cast("IO[bytes]", _Sparing(stream)))


class Part:
    """One part of the archive, given to a parser in blocks. `limit` is of its bytes."""

    limit: ClassVar[int] = _MAX_PART

    def parser(self) -> Any:
        self.size = self.seen = self.depth = 0
        made = expat.ParserCreate(intern={})
        made.buffer_text = True
        made.StartDoctypeDeclHandler = self._refuse
        made.StartElementHandler = self._begin
        made.EndElementHandler = self._end
        made.CharacterDataHandler = self.words
        return made

    def blocks(self, archive: zipfile.ZipFile, name: str) -> Iterator[None]:
        """Parse it; comes back after each block."""
        parser = self.parser()
        if archive.getinfo(name).compress_type not in _PACKED:
            raise SpreadsheetError("The spreadsheet is packed in a way that is not read. Save it anew.")
        with archive.open(name) as part:
            while block := part.read(_BLOCK):
                self.size += len(block)
                # What stands between two elements, or in one's attributes, waits inside of the parser.
                if self.size > self.limit or self.size - self.seen > MAX_LINE or len(parser.intern) > _MAX_NAMES:
                    raise too_much()
                parser.Parse(block, False)
                yield
        parser.Parse(b"", True)
        yield

    def _begin(self, name: str, given: dict[str, str]) -> None:
        self.seen, self.depth = self.size, self.depth + 1
        if self.depth > MAX_DEPTH:
            raise too_much()
        self.begin(name.rpartition(":")[2], given)

    def _end(self, name: str) -> None:
        self.seen, self.depth = self.size, self.depth - 1
        self.end(name.rpartition(":")[2])

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


def too_much() -> SpreadsheetError:
    """Said of what goes beyond a bound."""
    return SpreadsheetError("The spreadsheet unpacks into more than is read. Save the sheet as CSV.")
