"""Measured gains, shrunken towards what a project's versions gain on the average: empirical Bayes. Pure.

A gain that was promoted was measured large, partly by luck, so what was promoted gains less than was measured. Each
measured gain y with standard error s is taken as drawn about a true one, and the true ones as drawn about a common mean
with a spread of their own (normal, both). Mean and spread come from all gains that were measured, those that were
refused too: only then is the estimate free of the selection (B. Efron, "Tweedie's formula and selection bias", JASA
106, 2011). The spread is the one whose weighted sum of squares is what it should be (R. Paule and J. Mandel, Journal of
Research of the NBS 87, 1982); how far a gain moves and how sure that is follow C. Morris, "Parametric empirical Bayes
inference", JASA 78 (1983), section 5, which is the James-Stein rule where all errors are equal.

It takes the gains as independent. Those over the same version are not quite: its luck is in all of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

# Below four the rule moves nothing: its factor is (k - 3) / (k - 1).
LEAST = 4
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Shrunken:
    """A gain as it probably is: its value, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Gains:
    """All of them, in their order, with the mean and the standard deviation of the true ones."""

    mean: float
    spread: float
    rows: tuple[Shrunken, ...]


def shrunken(measured: Sequence[tuple[float, float]]) -> Gains | None:
    """Gains with their standard errors (above 0), shrunken; None of fewer than `LEAST`."""
    count = len(measured)
    if count < LEAST:
        return None
    spread = _between(measured)
    weights = [1 / (error**2 + spread) for _, error in measured]
    mean = _mean(measured, weights)
    typical = sum(w * error**2 for w, (_, error) in zip(weights, measured, strict=True)) / sum(weights)
    rows = []
    for (gain, error), weight in zip(measured, weights, strict=True):
        pull = (count - 3) / (count - 1) * error**2 * weight
        value = gain + pull * (mean - gain)
        known = error**2 * (1 - (1 - weight / sum(weights)) * pull)
        unknown = 2 / (count - 3) * pull**2 * (typical + spread) * weight * (gain - mean) ** 2
        half = _Z * math.sqrt(known + unknown)
        rows.append(Shrunken(value, value - half, value + half))
    return Gains(mean, math.sqrt(spread), tuple(rows))


def _between(measured: Sequence[tuple[float, float]]) -> float:
    """The variance of the true gains: 0 where chance alone explains how far the measured ones lie apart."""

    def over(spread: float) -> float:
        weights = [1 / (error**2 + spread) for _, error in measured]
        mean = _mean(measured, weights)
        squares = sum(w * (gain - mean) ** 2 for w, (gain, _) in zip(weights, measured, strict=True))
        return squares - (len(measured) - 1)

    if over(0.0) <= 0:
        return 0.0
    gains = [gain for gain, _ in measured]
    low, high = 0.0, float(len(gains)) * (max(gains) - min(gains)) ** 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if over(middle) > 0 else (low, middle)
    return high


def _mean(measured: Sequence[tuple[float, float]], weights: Sequence[float]) -> float:
    return sum(w * gain for w, (gain, _) in zip(weights, measured, strict=True)) / sum(weights)
