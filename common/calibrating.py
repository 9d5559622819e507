"""From a raw confidence to the share of answers that are right with it: a rising map, fitted on answers left out.

With fewer than `MANY` answers two numbers are fitted (J. Platt, "Probabilistic outputs for support vector machines",
1999), from there on the shape is free but for rising (isotonic: B. Zadrozny and C. Elkan, KDD 2002; better than Platt's
from about a thousand on: A. Niculescu-Mizil and R. Caruana, ICML 2005). Pure, and without numpy: pages apply it.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Self

# With fewer answers nothing is fitted, and no share is shown.
ENOUGH = 100
MANY = 1000
PLATT, ISOTONIC = "platt", "isotonic"
# A confidence nearer to 0 or 1 says no more than this; that of a long text is a product of many probabilities.
_LOWEST, _NEAREST = 1e-300, 1e-12
_ROUNDS, _CLOSE = 50, 1e-9


@dataclass(frozen=True)
class Calibrated:
    """The map. `points` are, of Platt's, one pair (slope, shift); else pairs (log-odds, share), rising."""

    method: str
    points: tuple[tuple[float, float], ...]

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        """As `kept` wrote it. Raises `KeyError` or `ValueError` on anything else."""
        return cls(str(kept["method"]), tuple((float(x), float(y)) for x, y in kept["points"]))

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        found = asdict(self)
        return {**found, "points": [list(point) for point in self.points]}

    def share(self, confidence: float) -> float:
        """Of 100 answers with this confidence (0 to 1), the share that is right: above 0 and below 1."""
        score = log_odds(confidence)
        if self.method == PLATT:
            slope, shift = self.points[0]
            return _sigmoid(slope * score + shift)
        scores = [point[0] for point in self.points]
        after = bisect_right(scores, score)
        if after in (0, len(scores)):
            return self.points[min(after, len(scores) - 1)][1]
        (left, low), (right, high) = self.points[after - 1], self.points[after]
        return low + (high - low) * (score - left) / (right - left)


def log_odds(confidence: float) -> float:
    """Of a probability; those next to 0 and 1 are bounded."""
    bounded = min(max(confidence, _LOWEST), 1 - _NEAREST)
    return math.log(bounded) - math.log1p(-bounded)


def fit(confidences: Sequence[float], right: Sequence[bool]) -> Calibrated | None:
    """The map for answers with these confidences, 0 to 1, of which those were right; None where they are too few."""
    if len(confidences) < ENOUGH:
        return None
    scores = [log_odds(each) for each in confidences]
    return _isotonic(scores, right) if len(scores) >= MANY else _platt(scores, right)


def _platt(scores: Sequence[float], right: Sequence[bool]) -> Calibrated:
    """By Newton's method, with Platt's targets, which keep it from certainty. A slope below 0 says nothing: it is 0."""
    count = sum(right)
    high, low = (count + 1) / (count + 2), 1 / (len(right) - count + 2)
    targets = [high if each else low for each in right]
    slope, shift = 1.0, 0.0
    for _ in range(_ROUNDS):
        step = _newton(scores, targets, slope, shift)
        slope, shift = slope + step[0], shift + step[1]
        if max(map(abs, step)) < _CLOSE:
            break
    if slope <= 0:
        mean = math.fsum(targets) / len(targets)
        slope, shift = 0.0, log_odds(mean)
    return Calibrated(PLATT, ((slope, shift),))


def _newton(scores: Sequence[float], targets: Sequence[float], slope: float, shift: float) -> tuple[float, float]:
    """One step, halved until the loss falls."""
    said = [_sigmoid(slope * score + shift) for score in scores]
    wide = [each * (1 - each) for each in said]
    apart = [target - each for target, each in zip(targets, said, strict=True)]
    first = math.fsum(a * score for a, score in zip(apart, scores, strict=True))
    second = math.fsum(apart)
    xx = math.fsum(w * score * score for w, score in zip(wide, scores, strict=True)) + _CLOSE
    x = math.fsum(w * score for w, score in zip(wide, scores, strict=True))
    one = math.fsum(wide) + _CLOSE
    area = xx * one - x * x
    step = (first * one - second * x) / area, (second * xx - first * x) / area
    before, size = _loss(scores, targets, slope, shift), 1.0
    while size > _CLOSE and _loss(scores, targets, slope + size * step[0], shift + size * step[1]) > before:
        size /= 2
    return size * step[0], size * step[1]


def _loss(scores: Sequence[float], targets: Sequence[float], slope: float, shift: float) -> float:
    values = (slope * score + shift for score in scores)
    return math.fsum(_soft(value) - target * value for value, target in zip(values, targets, strict=True))


def _isotonic(scores: Sequence[float], right: Sequence[bool]) -> Calibrated:
    """Pools that would fall are joined, and lines lead from the middle of one pool to that of the next.

    A pool that is all right or all wrong is taken for a little less: nothing is certain.
    """
    pools: list[list[float]] = []  # answers, sum of scores, sum of those that are right
    for score, equal in groupby(sorted(zip(scores, right, strict=True)), key=lambda row: row[0]):
        given = [is_right for _, is_right in equal]
        pools.append([len(given), score * len(given), sum(given)])
        while len(pools) > 1 and _mean(pools[-2]) >= _mean(pools[-1]):
            last = pools.pop()
            pools[-1] = [one + other for one, other in zip(pools[-1], last, strict=True)]
    points = [(pool[1] / pool[0], min(max(_mean(pool), _edge(pool)), 1 - _edge(pool))) for pool in pools]
    rising = [points[0]]
    for score, share in points[1:]:
        # A small pool's edge may lie below the share before it.
        rising.append((score, max(share, rising[-1][1])))
    return Calibrated(ISOTONIC, tuple(rising))


def _mean(pool: Sequence[float]) -> float:
    return pool[2] / pool[0]


def _edge(pool: Sequence[float]) -> float:
    return 0.5 / (pool[0] + 1)


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def _soft(value: float) -> float:
    """log(1 + exp(value))."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
