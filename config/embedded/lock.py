"""One launcher per `var/` folder. The system drops the lock when its last holder ends, kill -9 included."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

NAME = "launcher.lock"


class AlreadyRunning(Exception):
    """Another launcher holds this folder; `notes` are what it wrote about itself."""

    def __init__(self, var_dir: Path, notes: dict[str, Any]) -> None:
        pid, where = notes.get("pid"), notes.get("url")
        self.notes = notes
        super().__init__(
            f"Touchstone already runs on {var_dir}"
            + (f" (process {pid}{f', {where}' if where else ''})" if pid else "")
            + (f". Stop it with Ctrl-C in its terminal, or `kill {pid}`." if pid else ".")
        )


class VarLock:
    """An exclusive lock on `var_dir`; children that inherit its descriptor (the guard) hold it too."""

    def __init__(self, var_dir: Path) -> None:
        self.var_dir = var_dir
        self._path = var_dir / NAME
        self._descriptor: int | None = None

    def acquire(self, patience: float = 30.0) -> "VarLock":
        """Take the lock. Where its launcher is dead and only its processes still end, wait up to `patience` seconds.

        Raises:
            AlreadyRunning: a living launcher holds it, or the wait was not enough.
        """
        self.var_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while not _lock(descriptor):
            notes = read_notes(self.var_dir)
            if _alive(notes.get("pid")) or time.monotonic() > deadline:
                os.close(descriptor)
                raise AlreadyRunning(self.var_dir, notes)
            time.sleep(0.2)  # between two looks
        self._descriptor = descriptor
        self.note(pid=os.getpid())
        return self

    @property
    def descriptor(self) -> int:
        if self._descriptor is None:
            raise RuntimeError("the lock is not held")
        return self._descriptor

    def note(self, **notes: Any) -> None:
        """Tell others who holds the folder; written in place, since a rename would leave the lock behind."""
        text = json.dumps(notes).encode()
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text, 0)

    def release(self) -> None:
        """Give the folder back. Twice does no harm."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            # Unlocked, not only closed: a child forked a moment ago may still hold a copy of the descriptor.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None


def read_notes(var_dir: Path) -> dict[str, Any]:
    """What the holder wrote about itself; empty where nothing can be read."""
    try:
        notes = json.loads((var_dir / NAME).read_text(encoding="utf-8") or "{}")
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def is_held(var_dir: Path) -> bool:
    """True while some process holds the folder."""
    try:
        descriptor = os.open(var_dir / NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _alive(pid: Any) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
