"""Results of steps on disk: `ARTIFACTS_DIR/steps/<name>/<key>/`, found by what they follow from.

A result is made in a hidden folder beside its place and takes its name when it is whole; its last file, `step.json`,
lists the others with sizes and digests. Who is killed half-way leaves a hidden folder, which the next one removes.
One file lock per key lets a second worker wait for the first and take what it made.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from common.files import sha256_of, write_json
from common.locks import Lock, held

STAMP = "step.json"


@dataclass(frozen=True)
class StepResult:
    """A whole result: its folder, the bytes in it, the seconds that it took, and SHA-256 by file name."""

    folder: Path
    size: int
    seconds: float
    digests: dict[str, str]


@dataclass(frozen=True)
class Workplace:
    """Where a step works: a folder that is thrown away unless the step ends well, and the lock that it holds."""

    folder: Path
    lock: Lock


def steps_folder() -> Path:
    """Where all results lie."""
    return Path(settings.ARTIFACTS_DIR) / "steps"


def made_folder() -> Path:
    """The same, made where it is not there: so that its disk can be asked for space."""
    folder = steps_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def key_of(inputs: dict[str, Any]) -> str:
    """SHA-256 over everything that a result follows from."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def find(name: str, key: str) -> StepResult | None:
    """The result of a step, if it is there and whole: every file that the stamp lists has its size."""
    folder = steps_folder() / name / key
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        files: dict[str, dict[str, Any]] = stamp["files"]
        if any((folder / path).stat().st_size != entry["size"] for path, entry in files.items()):
            return None
    except (OSError, ValueError, KeyError):
        return None
    digests = {path: str(entry["sha256"]) for path, entry in files.items()}
    return StepResult(folder, sum(int(entry["size"]) for entry in files.values()), float(stamp["seconds"]), digests)


def make(name: str, key: str, work: Callable[[Workplace], None]) -> tuple[StepResult, bool]:
    """The result of a step and whether another worker made it meanwhile; `work` is done where there is none.

    What `work` raises goes on up, and nothing of it stays.
    """
    home = steps_folder() / name
    home.mkdir(parents=True, exist_ok=True)
    with held(lock_path(name, key)) as lock:
        found = find(name, key)
        if found is not None:
            return found, True
        discard(name, key)
        part = Path(tempfile.mkdtemp(dir=home, prefix=f".{key}."))
        try:
            part.chmod(0o755)
            started = time.monotonic()
            work(Workplace(part, lock))
            _stamp(part, time.monotonic() - started)
            part.rename(home / key)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    made = find(name, key)
    if made is None:
        raise OSError(f"the result of the step {name} in {home / key} is gone; is another program clearing the folder?")
    return made, False


def lock_path(name: str, key: str) -> Path:
    """Where the key's lock stands."""
    return steps_folder() / name / f".{key}.lock"


def discard(name: str, key: str) -> None:
    """Remove a result and what killed attempts left of it. The caller holds the key's lock."""
    home = steps_folder() / name
    for leftover in [*home.glob(f".{key}.*"), home / key]:
        if leftover.is_dir():
            shutil.rmtree(leftover)


def discard_unless_held(name: str, key: str) -> bool:
    """The same for who does not hold the lock; False where a worker is at it now."""
    descriptor = os.open(lock_path(name, key), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        discard(name, key)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _stamp(folder: Path, seconds: float) -> None:
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    write_json(folder / STAMP, {"seconds": round(seconds, 3), "files": files})
