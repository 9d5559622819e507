"""The rows of a JSON file, streamed by ijson, whose events are put together within bounds of depth and size.

`ijson.items` would do without this file but for its memory, which grows with the square of the nesting.
"""

import codecs
import io
from collections.abc import Iterator
from typing import IO, Any

from common.jsonbounds import MAX_DEPTH
from labeling.import_cells import ColumnMapping, ImportFormatError, Row, read_row

_OPENING = ("start_map", "start_array")
_CLOSING = ("end_map", "end_array")


class _Recoded(io.RawIOBase):
    """A file of another encoding, in UTF-8. Reading raises `UnicodeDecodeError` where it is not in that one."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self.stream, self.rest = stream, b""
        self.decoder = codecs.getincrementaldecoder(encoding)()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.rest:
            block = self.stream.read(len(buffer))
            self.rest = self.decoder.decode(block, not block).encode()
            if not block:
                break
        taken, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def in_utf8(stream: io.BufferedReader, encoding: str) -> io.BufferedReader:
    """A file of JSON as its parser takes it: in UTF-8, without a byte order mark."""
    if codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig"):
        return io.BufferedReader(_Recoded(stream, encoding))
    stream.read(3 if stream.peek(3).startswith(codecs.BOM_UTF8) else 0)
    return stream


def read_json(stream: IO[bytes], mapping: ColumnMapping, limit: int) -> Iterator[Row]:
    """The rows at `mapping.path`; one nested too deeply, or over `limit` bytes, is a bad row and reading goes on.

    Raises `ImportFormatError` where there are none at a path that was given.
    """
    # Imported here: only this format needs it.
    import ijson

    number = 0
    try:
        for record, fault in records(stream, mapping.path, limit):
            number += 1
            yield Row(number, error=fault) if fault else read_row(number, record, mapping)
    except (ijson.JSONError, ValueError) as error:
        # A broken list cannot be read past its fault: say where, keep what came before.
        yield Row(number + 1, error=f"The JSON breaks off here, nothing after it was read: {error}.")
        return
    if number == 0 and mapping.path != "item":
        raise ImportFormatError(f"There are no rows at {mapping.path!r}; for {{'data': [...]}} the path is data.item.")


class _Metered:
    """A file for ijson that notices when one name, number or string grows past the limit inside the parser."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.stream, self.limit, self.position, self.seen = stream, limit, 0, 0

    def read(self, size: int) -> bytes:
        if self.position - self.seen > self.limit:
            raise ValueError(f"a value is longer than {self.limit} bytes")
        block = self.stream.read(size)
        self.position += len(block)
        return block


def records(stream: IO[bytes], path: str, limit: int) -> Iterator[tuple[Any, str]]:
    """(value, fault) of each value at `path`; a value with a fault is not kept.

    Raises `ijson.JSONError`, and `ValueError`, where the JSON breaks off.
    """
    import ijson

    source, where = _Metered(stream, limit), _Place(path)
    record: _Record | None = None
    for event, value in ijson.basic_parse(source, use_float=True):
        source.seen = source.position
        if record is None and event not in (*_CLOSING, "map_key") and where.matches:
            record = _Record(source.position)
        if record is None:
            where.move(event, value)
            continue
        record.take(event, value, source.position, limit)
        if record.depth == 0:
            yield record.value, record.fault
            record = None


def whole_records(stream: IO[bytes], path: str, limit: int) -> Iterator[Any]:
    """The values at `path` as they stand, without those that have a fault. Raises `ValueError` where it breaks off."""
    import ijson

    try:
        yield from (value for value, fault in records(stream, path, limit) if not fault)
    except ijson.JSONError as error:
        raise ValueError(str(error)) from error


def first_list(stream: IO[bytes]) -> str | None:
    """The path to the first list of objects, as `read_json` takes it; None where there is none."""
    import ijson

    where = _Place("")
    try:
        for event, value in ijson.basic_parse(stream, use_float=True):
            if event == "start_map" and where.names and where.names[-1] == "item":
                return ".".join(where.names)
            where.move(event, value)
    except (ijson.JSONError, ValueError):
        pass  # it breaks off, or is no JSON: whoever reads it says so
    return None


class _Place:
    """Where in the file the parser stands, as ijson writes paths: names of keys, and `item` inside a list."""

    def __init__(self, path: str) -> None:
        self.path, self.parts, self.names = path, path.count(".") + 1, []  # type: tuple[str, int, list[str]]

    @property
    def matches(self) -> bool:
        return len(self.names) <= self.parts and ".".join(self.names) == self.path

    def move(self, event: str, value: Any) -> None:
        if event in _OPENING:
            self.names.append("item" if event == "start_array" else "")
        elif event in _CLOSING:
            self.names.pop()
        elif event == "map_key":
            self.names[-1] = value


class _Record:
    """One value while it is put together; dropped at its first fault."""

    def __init__(self, start: int) -> None:
        from ijson.common import ObjectBuilder

        self.builder: Any = ObjectBuilder()
        self.start, self.depth, self.fault = start, 0, ""

    def take(self, event: str, value: Any, position: int, limit: int) -> None:
        self.depth += (event in _OPENING) - (event in _CLOSING)
        if self.depth > MAX_DEPTH:
            self.fault = self.fault or f"The JSON is nested too deeply: at most {MAX_DEPTH} levels are read."
        elif position - self.start > limit:
            self.fault = self.fault or f"The row is longer than {limit} bytes."
        if self.fault:
            self.builder = None
        else:
            self.builder.event(event, value)

    @property
    def value(self) -> Any:
        return None if self.fault else self.builder.value
