"""Rows of the engine's files."""

from pathlib import Path
from typing import Any

from common import jsonl
from training.engine.errors import EngineError


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file; `EngineError` names the first line that is none."""
    try:
        return list(jsonl.read(path))
    except jsonl.JsonLinesError as error:
        raise EngineError(str(error)) from error
