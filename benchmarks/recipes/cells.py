"""A cell is one figure: a data set, a number of golden samples, a method, a draw. Kept as soon as it is there."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from config.launcher.environment import ROOT

Record = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """`rows` and `draw` are 0 where a method learns from no rows. `options`: what differs from the shipped recipe."""

    set: str
    rows: int
    method: str
    draw: int
    hold_out: str
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of its file. Trials lie apart from the benchmark's own figures."""
        words = [self.set, *([str(self.rows), self.method, str(self.draw)] if self.draw else [self.method])]
        if self.hold_out != "test":
            words.append(self.hold_out)
        if self.options:
            words.append(digest_of(sorted(self.options))[:8])
        return "-".join(words)

    def of(self) -> Record:
        """As its record says it."""
        return {**vars(self), "options": list(self.options)}


def read(folder: Path, cell: Cell) -> Record | None:
    """What is kept of the cell; None where nothing that can be read is."""
    try:
        found = json.loads((folder / f"{cell.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.items() >= cell.of().items() else None


def keep(folder: Path, cell: Cell, record: Record) -> None:
    """Write the cell in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{cell.name}.json"
    aside = path.with_suffix(f".{os.getpid()}")
    aside.write_text(json.dumps({**cell.of(), **record}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(path)


def digest_of(value: Any) -> str:
    """SHA-256, in hex, of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@cache
def code_digest(places: tuple[str, ...], root: Path = ROOT) -> str:
    """SHA-256, in hex, of the files at or below the places, names included."""
    whole = hashlib.sha256()
    for path in sorted(_files(root / place for place in places)):
        body = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()} {body}\n".encode())
    return whole.hexdigest()


def _files(places: Iterable[Path]) -> set[Path]:
    found = set[Path]()
    for place in places:
        inside = place.rglob("*") if place.is_dir() else [place]
        found |= {path for path in inside if path.is_file() and "__pycache__" not in path.parts}
    return found
