"""What more test cases cost the experts: reviews and minutes, by how they decided of late. Pure.

Nobody chooses test texts, so one comes with so many reviews of others. Both figures are ratios over the same decisions
(decisions a case, seconds a case), each with its bootstrap interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.paired import interval

# A card that stood open for longer was left: a lease ends after ten minutes.
LONGEST_SECONDS = 600.0
# So many of the newest decisions say how fast people are today.
DECISIONS = 1_000
# Fewer test cases among them say little of how often one comes.
LEAST_CASES = 10
UNKNOWN = (
    "How many reviews and expert minutes that takes is not known yet: it is measured once experts have reviewed "
    f"{LEAST_CASES} test cases here."
)
# Seconds, and whether a test case came of it.
Decision = tuple[float, bool]


@dataclass(frozen=True)
class Effort:
    """Reviews and minutes for `cases`, each with its 95 % interval, and both in a sentence."""

    cases: int
    reviews: float
    reviews_interval: tuple[float, float]
    minutes: float
    minutes_interval: tuple[float, float]
    sentence: str


def effort(cases: int, decisions: Sequence[Decision]) -> Effort | None:
    """What `cases` more would take, by the decisions given; None while they hold too few cases to say."""
    found = sum(is_case for _, is_case in decisions)
    if found < LEAST_CASES:
        return None
    rows = [[seconds, float(is_case)] for seconds, is_case in decisions]
    seconds = sum(seconds for seconds, _ in decisions)
    reviews, minutes = cases * len(rows) / found, cases * seconds / found / 60
    of_reviews = _times(cases, interval(rows, lambda sums, count: count / _at_least_one(sums[1])))
    of_minutes = _times(cases / 60, interval(rows, lambda sums, _: sums[0] / _at_least_one(sums[1])))
    said = (
        f"{cases:,} more cases take about {_range(reviews, of_reviews)} reviews and {_range(minutes, of_minutes)} "
        f"expert minutes, as people decided of late: {found} of {len(rows)} decisions gave a test case, "
        f"{seconds / len(rows):.0f} s each."
    )
    return Effort(cases, reviews, of_reviews, minutes, of_minutes, said)


def told(cases: int | None, decisions: Sequence[Decision]) -> str:
    """The sentence; empty where no more cases are wanted."""
    if not cases:
        return ""
    found = effort(cases, decisions)
    return UNKNOWN if found is None else found.sentence


def _times(by: float, ends: tuple[float, float] | None) -> tuple[float, float]:
    low, high = ends or (0.0, 0.0)
    return by * low, by * high


def _range(value: float, ends: tuple[float, float]) -> str:
    low, high = ends
    return f"{value:,.0f} ({low:,.0f} to {high:,.0f})"


def _at_least_one(count: Any) -> Any:
    """Of draws without any case, so that none divides by nothing."""
    import numpy as np

    return np.maximum(count, 1)
