"""Checkpoints that can be trusted: a folder counts only with a list, written last, of all that it should hold."""

import json
import logging
import shutil
from pathlib import Path

from training.engine.files import write_json

logger = logging.getLogger(__name__)

SEAL = "complete.json"
PREFIX = "checkpoint-"


def seal(checkpoint: Path) -> None:
    """Declare a checkpoint complete: its files and their sizes in bytes."""
    write_json(checkpoint / SEAL, _sizes(checkpoint))


def is_complete(checkpoint: Path) -> bool:
    """Whether everything is there that was there when the checkpoint was sealed."""
    try:
        sealed = json.loads((checkpoint / SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(sealed == _sizes(checkpoint))


def newest_complete(folder: Path) -> Path | None:
    """The complete checkpoint with the most steps. Half-written ones, left by a killed process, are removed."""
    found = sorted(folder.glob(f"{PREFIX}*"), key=step_of, reverse=True) if folder.is_dir() else []
    newest = None
    for checkpoint in found:
        if not is_complete(checkpoint):
            logger.warning("removing the half-written %s", checkpoint.name)
            shutil.rmtree(checkpoint)
        elif newest is None:
            newest = checkpoint
    return newest


def step_of(checkpoint: Path) -> int:
    """The number of steps a checkpoint has behind it."""
    number = checkpoint.name.removeprefix(PREFIX)
    return int(number) if number.isdecimal() else -1


def _sizes(checkpoint: Path) -> dict[str, int]:
    files = (path for path in checkpoint.rglob("*") if path.is_file() and path.name != SEAL)
    return {str(path.relative_to(checkpoint)): path.stat().st_size for path in sorted(files)}
