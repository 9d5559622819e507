"""From requests to figures: a row per door, and a row per stop."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.report import Figure
from demo.load import Sent, percentile


@dataclass(frozen=True)
class Stop:
    """A process stood still from `began` to `ended`; what was due from then until `until` was met by it."""

    name: str
    began: float
    ended: float
    until: float

    def met(self, sent: Sequence[Sent]) -> list[Sent]:
        """The requests that were due while it stood still, or before the next one did."""
        return [each for each in sent if self.began <= due(each) < self.until]


def due(sent: Sent) -> float:
    """When a request should have been sent."""
    return sent.began - sent.late


def why(sent: Sent) -> str:
    """A status, or what the client saw, in a word."""
    status = re.search(r"'(\d{3}) ", sent.failure)
    return status[1] if status else sent.failure.partition("(")[0]


def of_door(sent: Sequence[Sent]) -> dict[str, Figure]:
    """Errors, and how long its callers waited, whatever came of it."""
    waits, errors = [each.seconds for each in sent], Counter(why(each) for each in sent if each.failure)
    return {
        "requests": len(sent),
        "errors": errors.total(),
        "errors %": round(100 * errors.total() / len(sent), 2) if sent else None,
        **{f"p{share} ms": _ms(percentile(waits, share / 100)) for share in (50, 95, 99)},
        "worst ms": _ms(max(waits, default=float("nan"))),
        "which errors": ", ".join(f"{count} x {name}" for name, count in errors.most_common()) or "none",
    }


def of_stop(stop: Stop, doors: dict[str, Sequence[Sent]], lost: int) -> dict[str, Figure]:
    """Per door how many requests failed and the longest wait, in one cell; when the last of them was over."""
    cells: dict[str, Figure] = {}
    over = [stop.ended]
    for name, sent in doors.items():
        met = stop.met(sent)
        failed = sum(bool(each.failure) for each in met)
        worst = max((each.seconds for each in met), default=0.0)
        cells[name] = f"{failed} of {len(met)}, {worst:.1f} s" if met else None
        over += [each.ended for each in met if each.failure or due(each) < stop.ended]
    return cells | {"over after, s": round(max(over) - stop.ended, 1), "lost": lost}


def five_hundreds(sent: Sequence[Sent]) -> int:
    """Answers that say that the product has a fault."""
    return sum(why(each) == "500" for each in sent)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
