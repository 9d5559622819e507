"""Parts to lines. The same parts give the same bytes."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from common import jsonl


class Digests:
    """The SHA-256 of each part's lines and of all, as they go by."""

    def __init__(self) -> None:
        self.lines = 0
        self._whole, self._parts = hashlib.sha256(), dict[str, Any]()

    def take(self, part: str, line: bytes) -> None:
        """Count one line, its end included."""
        self.lines += 1
        self._whole.update(line)
        self._parts.setdefault(part, hashlib.sha256()).update(line)

    @property
    def end(self) -> dict[str, Any]:
        """The last line's value."""
        parts = {name: found.hexdigest() for name, found in self._parts.items()}
        return {"part": "end", "lines": self.lines, "parts": parts, "digest": self._whole.hexdigest()}


def line_of(part: Mapping[str, Any]) -> str:
    """A part as it is written: keys sorted, one line with its end. Raises `ValueError` on NaN and infinity."""
    return f"{jsonl.dumps(part, sort_keys=True)}\n"


def lines(parts: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The file, line by line, its end last."""
    digests = Digests()
    for part in parts:
        line = line_of(part).encode()
        digests.take(part["part"], line)
        yield line
    yield line_of(digests.end).encode()
