"""Read an engine's `events.jsonl` while it grows."""

from pathlib import Path
from typing import Any

from common import jsonl

_ROW_FIELDS = {"step": "step", "total_steps": "total_steps", "loss": "loss"}


class EventTail:
    """New whole lines since the last read, from events numbered above `last_seq`."""

    def __init__(self, path: Path, last_seq: int = -1) -> None:
        self.path, self.last_seq, self.offset = path, last_seq, 0

    def read(self) -> list[dict[str, Any]]:
        """Events that were not read yet; a line still being written waits for the next call."""
        if not self.path.is_file():
            return []
        events, self.offset = jsonl.read_whole(self.path, self.offset)
        fresh = [event for event in events if event["seq"] > self.last_seq]
        if fresh:
            self.last_seq = max(event["seq"] for event in fresh)
        return fresh


def summarise(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The run row's columns that these events change: step, total_steps, loss, environment."""
    changes: dict[str, Any] = {}
    for event in events:
        changes |= {column: event[key] for key, column in _ROW_FIELDS.items() if event.get(key) is not None}
        if event["kind"] == "started" and isinstance(event.get("environment"), dict):
            changes["environment"] = event["environment"]
    return changes
