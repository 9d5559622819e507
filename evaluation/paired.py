"""The paired test: two versions on the same cases, and the bootstrap interval of their difference, or of one figure.

The percentiles of the differences bound the true one (`common.paired`); the figure is the scorer's main one.
"""

from collections.abc import Sequence

from common import paired
from common.paired import Difference
from evaluation.scorers import Scored, Scorer

TEST = "paired bootstrap over cases, percentile interval"

__all__ = ["TEST", "Difference", "compare", "interval"]


def compare(
    scorer: Scorer,
    candidate: Sequence[Scored],
    reference: Sequence[Scored],
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 7,
) -> Difference:
    """The paired difference of the scorer's main figure between answers to the same cases.

    Row i of both sequences must be the same case. Raises `ValueError` on no cases or unequal lengths.
    """
    ours, theirs = ([scorer.parts(case) for case in cases] for cases in (candidate, reference))
    return paired.difference(ours, theirs, scorer.figure, confidence=confidence, resamples=resamples, seed=seed)


def interval(
    scorer: Scorer, cases: Sequence[Scored], *, confidence: float = 0.95, resamples: int = 2_000, seed: int = 7
) -> tuple[float, float] | None:
    """The bootstrap interval of the scorer's main figure over the cases; None of no cases."""
    rows = [scorer.parts(case) for case in cases]
    return paired.interval(rows, scorer.figure, confidence=confidence, resamples=resamples, seed=seed)
