"""JSON Lines: the one reader and the one writer. A line ends at a line feed and nowhere else.

Python's `splitlines`, and readers of other tools, also end a line at U+2028, U+2029 and U+0085, which JSON lets stand
in a string. So nothing here splits by it, and the writer escapes these characters: they come back as they were,
whoever reads the file.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from common import files, jsonbounds

# A row that holds a text with its tokens is the longest that this project writes: some megabytes.
MAX_LINE = 64_000_000

# Line ends that JSON leaves as they are, and halves of characters, which no UTF-8 file can hold.
_ESCAPED = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


class JsonLinesError(ValueError):
    """A file that is no JSON Lines; the message names the file, the line and what is wrong with it."""


class Found(NamedTuple):
    """One line: its number from 1, and its value, or in `error` why it has none."""

    number: int
    value: Any
    error: str = ""


class LineTooLongError(ValueError):
    """A line beyond the limit; it was passed over."""


class BoundedLines(Iterator[str]):
    """The lines of a text file in flat memory; one over `limit` characters raises, and the next call goes on after it.

    `ends` are the characters that end a line in `text`, as its `newline` says.
    """

    def __init__(self, text: TextIO, limit: int, ends: tuple[str, ...] = ("\n",)) -> None:
        self.text, self.limit, self.ends, self.number = text, limit, ends, 0

    def __next__(self) -> str:
        line = self.text.readline(self.limit)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) < self.limit or line.endswith(self.ends):
            return line
        while line and not line.endswith(self.ends):
            line = self.text.readline(self.limit)
        raise LineTooLongError(f"The line is longer than {self.limit} characters.")


def scan(text: TextIO, *, limit: int = MAX_LINE, constants: bool = False) -> Iterator[Found]:
    """Every line that is not blank, with its value or its fault. `text` must be open with newline="\\n"."""
    lines = BoundedLines(text, limit)
    while True:
        try:
            line = next(lines)
            if not line.strip():
                continue
            value = jsonbounds.loads(line, constants=constants)
        except StopIteration:
            return
        except LineTooLongError as error:
            yield Found(lines.number, None, str(error))
        except UnicodeError:
            raise  # nothing can be read past it
        except jsonbounds.JsonBoundsError as error:
            yield Found(lines.number, None, f"The JSON cannot be read: {error}.")
        except ValueError as error:
            yield Found(lines.number, None, f"Not a line of JSON: {error}.")
        else:
            yield Found(lines.number, value)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file. Raises `JsonLinesError` at the first line that is none."""
    try:
        with path.open(encoding="utf-8", newline="\n") as text:
            for found in scan(text):
                if found.error or not isinstance(found.value, dict):
                    raise JsonLinesError(f"{path}, line {found.number}: {found.error or 'not a JSON object.'}")
                yield found.value
    except UnicodeDecodeError as error:
        raise JsonLinesError(f"{path} is not UTF-8: {error}.") from error


def read_whole(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The objects on the whole lines from byte `offset` on, and where the next read begins.

    For a file that another process appends to: its last line, where it is not finished yet, waits. Raises as `read`.
    """
    with path.open("rb") as file:
        file.seek(offset)
        whole, newline, _ = file.read().rpartition(b"\n")
    rows = []
    for line in whole.split(b"\n"):
        if not line.strip():
            continue
        try:
            row = jsonbounds.loads(line)
        except ValueError as error:
            raise JsonLinesError(f"{path}: not a line of JSON: {error}.") from error
        if not isinstance(row, dict):
            raise JsonLinesError(f"{path}: not a JSON object: {line[:80]!r}.")
        rows.append(row)
    return rows, offset + len(whole) + len(newline)


def last(text: str) -> Any:
    """The value on the last line of what a command printed. Raises `ValueError` where that is no JSON."""
    return jsonbounds.loads(text.rstrip("\n").rpartition("\n")[2])


def dumps(value: Any, *, sort_keys: bool = False) -> str:
    """`value` on one line, without its end: readable in every script. Raises `ValueError` on NaN and infinity."""
    return escaped(json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys))


def escaped(text: str) -> str:
    """JSON with those characters escaped that other readers take for the end of a line."""
    return text if text.isascii() else _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def write(path: Path, rows: Iterable[Any]) -> int:
    """Write `rows` in one step: readers see the old file or the whole new one. How many there were."""
    count = 0
    with files.replaced(path) as aside, aside.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(f"{dumps(row)}\n")
            count += 1
    return count


def append(path: Path, row: Any) -> None:
    """Add one line."""
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{dumps(row)}\n")


def cut_unfinished(path: Path) -> None:
    """Take away a last line that a killed process left without its end."""
    body = path.read_bytes()
    whole = body.rfind(b"\n") + 1
    if whole < len(body):
        with path.open("r+b") as file:
            file.truncate(whole)
