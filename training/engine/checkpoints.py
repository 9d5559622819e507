"""Checkpoints that can be trusted: a folder counts only with a seal, written last, of all that it holds.

The seal has the SHA-256 of every file, and what the checkpoint was made of. Files and seal are on the disk before
anybody relies on them.
"""

import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.files import sha256_of, write_json

logger = logging.getLogger(__name__)

SEAL = "complete.json"
PREFIX = "checkpoint-"
# Neither the engine nor its libraries take this for a checkpoint.
DAMAGED = "damaged-"


def seal(checkpoint: Path, made_of: Mapping[str, Any] | None = None) -> None:
    """Declare a checkpoint complete, once all of it is on the disk."""
    for path in sorted(checkpoint.rglob("*")):
        _sync(path)
    write_json(checkpoint / SEAL, {"files": _digests(checkpoint), "made_of": dict(made_of or {})}, durable=True)
    _sync(checkpoint)
    _sync(checkpoint.parent)


def fault_of(checkpoint: Path) -> str:
    """What is wrong with a checkpoint, in words; empty where it is what was sealed."""
    sealed = _sealed(checkpoint).get("files")
    if not isinstance(sealed, dict):
        return "it was not written to its end"
    found = _digests(checkpoint)
    for name in sorted(sealed.keys() | found.keys()):
        if name not in found:
            return f"{name} is gone"
        if sealed.get(name) != found[name]:
            return f"{name} is not what was saved"
    return ""


def made_of(checkpoint: Path) -> dict[str, Any]:
    """What the checkpoint was made of, as its seal says."""
    found = _sealed(checkpoint).get("made_of")
    return found if isinstance(found, dict) else {}


def newest_sound(folder: Path) -> tuple[Path | None, list[str]]:
    """The sound checkpoint with the most steps, and what is to be said of damaged ones, which are set aside.

    Half-written ones, left by a killed process, are removed: nobody relied on them.
    """
    said: list[str] = []
    for checkpoint in all_of(folder):
        fault = fault_of(checkpoint)
        if not fault:
            return checkpoint, said
        if not (checkpoint / SEAL).is_file():
            logger.warning("removing the half-written %s", checkpoint.name)
            shutil.rmtree(checkpoint)
        else:
            said.append(set_aside(checkpoint, fault))
    return None, said


def set_aside(checkpoint: Path, fault: str) -> str:
    """Take a checkpoint out of use without losing it; what is to be said of it. Only the last one is kept."""
    for older in checkpoint.parent.glob(f"{DAMAGED}*"):
        shutil.rmtree(older)
    aside = checkpoint.with_name(f"{DAMAGED}{checkpoint.name.removeprefix(PREFIX)}")
    checkpoint.rename(aside)
    return (
        f"{checkpoint.name} cannot be used ({fault}): it was set aside as {aside.name}, and the one before it is tried."
    )


def all_of(folder: Path) -> list[Path]:
    """All checkpoints of a folder, the newest first, whatever their state."""
    return sorted(folder.glob(f"{PREFIX}*"), key=step_of, reverse=True) if folder.is_dir() else []


def step_of(checkpoint: Path) -> int:
    """The number of steps a checkpoint has behind it."""
    number = checkpoint.name.removeprefix(PREFIX)
    return int(number) if number.isdecimal() else -1


def steps_behind(folder: Path) -> int:
    """The steps of the newest checkpoint, whatever its state; 0 where there is none."""
    return max([0, *(step_of(checkpoint) for checkpoint in all_of(folder))])


def _sealed(checkpoint: Path) -> dict[str, Any]:
    try:
        found = json.loads((checkpoint / SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digests(checkpoint: Path) -> dict[str, str]:
    files = (path for path in checkpoint.rglob("*") if path.is_file() and path.name != SEAL)
    return {path.relative_to(checkpoint).as_posix(): sha256_of(path) for path in sorted(files)}


def _sync(path: Path) -> None:
    """Have a file or folder on the disk, not only in the memory of the system."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
