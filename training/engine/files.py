"""Small file habits that everything here shares: atomic writes, digests, rows."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import jsonl
from training.engine.errors import EngineError


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON in one step: readers see the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file; `EngineError` names the first line that is none."""
    try:
        return list(jsonl.read(path))
    except jsonl.JsonLinesError as error:
        raise EngineError(str(error)) from error


def sha256_of(path: Path) -> str:
    """The hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
