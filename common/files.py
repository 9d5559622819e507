"""Habits with files: written whole or not at all, and known by their SHA-256. Without Django."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sha256_of(path: Path) -> str:
    """The hex SHA-256 of a file, read block by block."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replaced(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A hidden name beside `path`, with its suffix, that takes its place if the block succeeds; else nothing stays.

    Readers see the old file or the whole new one. `durable`: it is on the disk before it takes the place.
    """
    aside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield aside
        if durable:
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write `text` as UTF-8 in one step."""
    with replaced(path, durable=durable) as aside:
        aside.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object, *, durable: bool = False) -> None:
    """Write `value` as JSON in one step, indented for people."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n", durable=durable)


@contextmanager
def built_folder(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target` that takes its name if the block succeeds, replacing what was there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        work.chmod(0o755)
        yield work
        for path in work.rglob("*"):
            if path.is_file():
                path.chmod(0o644)  # safetensors makes its files unreadable to all other users
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
