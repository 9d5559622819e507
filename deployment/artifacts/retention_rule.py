"""Which versions keep their files, and why: the rule alone, decided from figures before anything is touched."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Standing:
    """What the rule looks at. `last_live` is when the version stopped being live, None if it never was."""

    number: int
    made_at: datetime
    busy: str = ""
    pinned: str = ""
    live: bool = False
    last_live: datetime | None = None
    refused: bool = False


def kept(standings: Iterable[Standing], *, now: datetime, previous: int, days: int) -> dict[int, str]:
    """Number -> why its files stay, for every version that keeps them.

    Nothing that somebody may still decide on goes: versions newer than the live one wait for their promotion (refused
    ones for `days`), and before the first promotion all do.
    """
    rows = list(standings)
    since = now - timedelta(days=days)
    live = max((row.number for row in rows if row.live), default=None)
    were_live = [row for row in rows if row.last_live is not None and not row.live]
    before = sorted(were_live, key=lambda row: row.last_live or row.made_at, reverse=True)[:previous]
    found: dict[int, str] = {}
    for row in rows:
        if row.pinned:
            found[row.number] = f"pinned: {row.pinned}"
        elif row.live:
            found[row.number] = "live"
        elif row.busy:
            found[row.number] = row.busy
        elif row in before:
            found[row.number] = f"one of the {previous} live before"
        elif row.last_live is not None and row.last_live >= since:
            found[row.number] = f"live within {days} days"
        elif live is None:
            found[row.number] = "nothing is live yet"
        elif row.number > live and (not row.refused or row.made_at >= since):
            found[row.number] = "newer than the live one"
    return found
