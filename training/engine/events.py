"""`events.jsonl`: the append-only story of a run, and all that a page about it reads."""

import logging
import math
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common import jsonl

logger = logging.getLogger(__name__)

KINDS = frozenset(
    {
        "started",
        "loaded",
        "phase",
        "resumed",
        "step",
        "progress",
        "evaluation",
        "checkpoint",
        "warning",
        "left_out",
        "memory",
        "paused",
        "finished",
        "failed",
        "cancelled",
    }
)


class EventLog:
    """Appends one JSON object a line. Numbers go on across resumes; safe to use from several threads."""

    def __init__(self, path: Path, *, enabled: bool = True) -> None:
        """With `enabled` off (the second and later processes of a distributed run) nothing is written."""
        self._path, self._enabled = path, enabled
        self._lock = threading.Lock()
        self._next = _repair(path) if enabled else 0

    def emit(self, kind: str, **payload: object) -> None:
        """Append an event. Floats that JSON does not know (NaN, infinity) become null."""
        if kind not in KINDS:
            raise ValueError(f"unknown event kind {kind!r}")
        if not self._enabled:
            return
        with self._lock:
            event = {
                "seq": self._next,
                "time": datetime.now(UTC).isoformat(),
                "kind": kind,
                **finite(payload),
            }
            jsonl.append(self._path, event)
            self._next += 1
        logger.info("%s %s", kind, _summary(event))


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole events of the file, oldest first."""
    return jsonl.read_whole(path)[0] if path.is_file() else []


def _repair(path: Path) -> int:
    """Cut off a line that a killed process left unfinished; the next number."""
    if not path.is_file():
        return 1
    jsonl.cut_unfinished(path)
    events = read_events(path)
    return int(events[-1]["seq"]) + 1 if events else 1


def finite(value: Any) -> Any:
    """`value` with null for the floats that JSON does not know: NaN and infinity."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _summary(event: dict[str, Any]) -> str:
    shown = {key: value for key, value in event.items() if not isinstance(value, dict)}
    return ", ".join(f"{key} {value}" for key, value in shown.items() if key not in {"seq", "time", "kind"})
