"""A reliability diagram as lines and points of an SVG: what was said to the right, what was right upwards. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Of the picture, in its own units, and the margins that the axes' words take: at the left and below, at the others.
SIZE, MARGIN = 320, 40
_PLOT = SIZE - MARGIN - 20
# Marks on an axis at most.
_MARKS = 5


@dataclass(frozen=True)
class Point:
    """A bin: where it stands, and where its interval begins and ends."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Diagram:
    """`marks` are places on both axes with their words; `bins` the rows that are drawn, for the table beside it."""

    points: list[Point]
    marks: list[tuple[float, float, str]]
    bins: Sequence[Mapping[str, Any]]
    left: int = MARGIN
    right: int = MARGIN + _PLOT
    top: int = SIZE - MARGIN - _PLOT
    bottom: int = SIZE - MARGIN
    size: int = SIZE


def diagram_of(bins: Sequence[Mapping[str, Any]]) -> Diagram:
    """Of bins as `evaluation.reliability.Reliability` keeps them. Both axes begin below the lowest, and end at 1."""
    lowest: float = min(min(each["said"], each["low"]) for each in bins)
    start = math.floor(10 * min(lowest, 0.9)) / 10

    def across(share: float) -> float:
        return float(round(MARGIN + _PLOT * (share - start) / (1 - start), 1))

    def up(share: float) -> float:
        return float(round(SIZE - MARGIN - _PLOT * (share - start) / (1 - start), 1))

    points = [
        Point(across(each["said"]), up(each["right"]), up(max(start, each["low"])), up(each["high"])) for each in bins
    ]
    step = max(1, math.ceil(10 * (1 - start) / _MARKS))
    shown = range(round(10 * start), 11, step)
    marks = [(across(tenth / 10), up(tenth / 10), f"{10 * tenth} %") for tenth in shown]
    return Diagram(points, marks, bins)
