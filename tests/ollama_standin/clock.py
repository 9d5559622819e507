"""Times as Ollama writes them."""

import re
from datetime import UTC, datetime, timedelta

FOR_EVER = "2319-03-03T03:38:07.811197904Z"
_UNITS = {"s": 1, "m": 60, "h": 3600}


def now(later: float = 0) -> str:
    """Now, or so many seconds later."""
    return (datetime.now(UTC) + timedelta(seconds=later)).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def seconds(keep_alive: object) -> float:
    """A `keep_alive` in seconds; below 0 for ever, five minutes where none is given."""
    if isinstance(keep_alive, int | float):
        return float(keep_alive)
    found = re.fullmatch(r"(-?\d+)([smh]?)", str(keep_alive or "5m"))
    return int(found[1]) * _UNITS.get(found[2], 1) if found else 300.0
