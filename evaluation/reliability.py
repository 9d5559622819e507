"""Do shares mean what they say? Bins, calibration error, area under the curve, each with its noise. Pure.

The calibration error is the mean of how far the said share and the right one lie apart, over bins of equal count, each
weighed by its answers (M. P. Naeini, G. Cooper, M. Hauskrecht, AAAI 2015). A finite number of answers has some by
chance alone; what the true shares would have is said beside it (consistency resampling: J. Broecker and L. A. Smith,
Weather and Forecasting 22, 2007).
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from common.calibrating import ENOUGH, fit
from common.intervals import Z_95, wilson

# Answers in a bin, and bins at most.
BIN, BINS = 100, 10
FOLDS = 5
# So many answers leave enough to fit a map without each fifth of them.
NEEDED = ENOUGH * FOLDS // (FOLDS - 1)
_DRAWS, _SEED = 2000, 7


@dataclass(frozen=True)
class Bin:
    """Neighbours by their share: how many, what was said on average, what was right, and its 95 % interval (Wilson)."""

    count: int
    said: float
    right: float
    low: float
    high: float


@dataclass(frozen=True)
class Reliability:
    """What held-out answers say of shares. Intervals are of 95 %; `auc` is None where all are right, or all wrong.

    `by_chance`: the calibration error that perfect shares would have on so many answers, on average.
    """

    bins: tuple[Bin, ...]
    error: float
    error_interval: tuple[float, float]
    by_chance: float
    auc: float | None
    auc_interval: tuple[float, float] | None

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **asdict(self),
            "bins": [asdict(each) for each in self.bins],
            "error_interval": list(self.error_interval),
            "auc_interval": list(self.auc_interval) if self.auc_interval else None,
        }


def held_out(confidences: Sequence[float], right: Sequence[bool]) -> list[float] | None:
    """The share of each answer by a map that was fitted without it and its fold; None where answers are too few.

    Answers come in an order that says nothing of them, such as by a hash of their texts.
    """
    found = [0.0] * len(confidences)
    for fold in range(FOLDS):
        rest = [place for place in range(len(confidences)) if place % FOLDS != fold]
        fitted = fit([confidences[place] for place in rest], [right[place] for place in rest])
        if fitted is None:
            return None
        for place in range(fold, len(confidences), FOLDS):
            found[place] = fitted.share(confidences[place])
    return found


def reliability(shares: Sequence[float], right: Sequence[bool], confidences: Sequence[float]) -> Reliability:
    """Of answers with these held-out shares; the curve is of the raw `confidences`, which nothing was fitted to."""
    bins = binned(shares, right)
    error = _error([each.said for each in bins], bins)
    low, high, by_chance = _noise(bins, error)
    found = auc(confidences, right)
    curve, around = found or (None, None)
    return Reliability(tuple(bins), error, (low, high), by_chance, curve, around)


def binned(shares: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """Bins of as equal a count as can be, of `BIN` or more where there are so many answers."""
    # Equal shares stay in the order in which they came: sorted by what is right they would look worse.
    rows = sorted(zip(shares, right, strict=True), key=lambda row: row[0])
    count = min(BINS, max(1, len(rows) // BIN))
    edges = [round(place * len(rows) / count) for place in range(count + 1)]
    found = []
    for start, end in pairwise(edges):
        part = rows[start:end]
        good = sum(each for _, each in part)
        said = math.fsum(share for share, _ in part) / len(part)
        found.append(Bin(len(part), said, good / len(part), *wilson(good, len(part))))
    return found


def _error(said: Sequence[float], bins: Sequence[Bin]) -> float:
    total = sum(each.count for each in bins)
    return math.fsum(each.count * abs(share - each.right) for share, each in zip(said, bins, strict=True)) / total


def _noise(bins: Sequence[Bin], error: float) -> tuple[float, float, float]:
    """The error's interval, and what chance alone makes of it: each bin is drawn anew (2,000 times, a fixed seed).

    Draws lie above what they are drawn from, as every distance does: the interval is rather too high.
    """
    import numpy as np

    draw = np.random.default_rng(_SEED)
    counts = np.array([each.count for each in bins])
    said, right = (np.array([getattr(each, name) for each in bins]) for name in ("said", "right"))
    weights = counts / counts.sum()
    again = np.abs(draw.binomial(counts, right, (_DRAWS, len(bins))) / counts - said) @ weights
    perfect = np.abs(draw.binomial(counts, said, (_DRAWS, len(bins))) / counts - said) @ weights
    low, high = np.quantile(again, [0.025, 0.975])
    return min(error, float(low)), max(error, float(high)), float(perfect.mean())


def auc(scores: Sequence[float], right: Sequence[bool]) -> tuple[float, tuple[float, float]] | None:
    """The chance that a right answer has the higher score, and its 95 % interval; None where one side is empty.

    The variance is that of E. R. DeLong and others, Biometrics 44 (1988), the interval of the log-odds.
    """
    good = sorted(score for score, each in zip(scores, right, strict=True) if each)
    bad = sorted(score for score, each in zip(scores, right, strict=True) if not each)
    if not good or not bad:
        return None
    above = _beaten(good, bad)
    below = [1 - each for each in _beaten(bad, good)]
    area = math.fsum(above) / len(above)
    spread = math.sqrt(_variance(above) / len(above) + _variance(below) / len(below))
    if not 0 < area < 1:
        return area, (wilson(len(good), len(good))[0], 1.0) if area else (0.0, wilson(0, len(bad))[1])
    middle, half = math.log(area / (1 - area)), Z_95 * spread / (area * (1 - area))
    return area, (1 / (1 + math.exp(half - middle)), 1 / (1 + math.exp(-half - middle)))


def _beaten(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Of each of ours the share of theirs that is lower, ties by half; both sorted."""
    return [(bisect_left(theirs, each) + bisect_right(theirs, each)) / (2 * len(theirs)) for each in ours]


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = math.fsum(values) / len(values)
    return math.fsum((each - mean) ** 2 for each in values) / (len(values) - 1)
