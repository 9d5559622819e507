"""`events.jsonl`: the append-only story of a run, and all that a page about it reads."""

import json
import logging
import math
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

KINDS = frozenset(
    {
        "started",
        "loaded",
        "resumed",
        "step",
        "evaluation",
        "checkpoint",
        "warning",
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
                **_finite(payload),
            }
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._next += 1
        logger.info("%s %s", kind, _summary(event))


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole events of the file, oldest first."""
    if not path.is_file():
        return []
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines() if line]


def _repair(path: Path) -> int:
    """Cut off a line that a killed process left unfinished; the next number."""
    if not path.is_file():
        return 1
    body = path.read_bytes()
    whole = body[: body.rfind(b"\n") + 1]
    if len(whole) < len(body):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    lines = whole.splitlines()
    return int(json.loads(lines[-1])["seq"]) + 1 if lines else 1


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _summary(event: dict[str, Any]) -> str:
    shown = {key: value for key, value in event.items() if not isinstance(value, dict)}
    return ", ".join(f"{key} {value}" for key, value in shown.items() if key not in {"seq", "time", "kind"})
