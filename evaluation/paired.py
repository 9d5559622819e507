"""Two versions on the same cases: the test of their difference, and the bootstrap interval of it, or of one figure.

The test decides (`common.permutation`); intervals are shown (`common.paired`). The figure is the scorer's main one, and
the unit is the group of near-duplicate cases.
"""

from collections.abc import Sequence

from common import paired
from common.paired import Difference, Groups
from common.permutation import Shown, shown_better
from evaluation.scorers import Scored, Scorer

INTERVAL = "group bootstrap, percentiles"

__all__ = ["INTERVAL", "Difference", "Groups", "Shown", "better", "compare", "interval", "reads_better"]


def compare(
    scorer: Scorer,
    candidate: Sequence[Scored],
    reference: Sequence[Scored],
    *,
    groups: Groups | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 7,
) -> Difference:
    """The paired difference of the scorer's main figure between answers to the same cases.

    Row i of both sequences must be the same case. Raises `ValueError` on no cases or unequal lengths.
    """
    ours, theirs = ([scorer.parts(case) for case in cases] for cases in (candidate, reference))
    return paired.difference(
        ours, theirs, scorer.figure, groups=groups, confidence=confidence, resamples=resamples, seed=seed
    )


def better(
    scorer: Scorer,
    candidate: Sequence[Scored],
    reference: Sequence[Scored],
    *,
    groups: Groups | None = None,
    bound: float = 0.0,
    draws: int = 10_000,
    seed: int = 7,
) -> Shown:
    """The one-sided test that the main figure of the first exceeds the second's by more than `bound`.

    Raises as `compare`.
    """
    ours, theirs = ([scorer.parts(case) for case in cases] for cases in (candidate, reference))
    return shown_better(ours, theirs, scorer.figure, groups=groups, bound=bound, draws=draws, seed=seed)


def reads_better(
    candidate: Sequence[Scored], reference: Sequence[Scored], *, groups: Groups | None = None, bound: float = 0.0
) -> Shown:
    """The same for the share of answers that could be read."""
    ours, theirs = ([[float(not case.is_failed)] for case in cases] for cases in (candidate, reference))
    return shown_better(ours, theirs, lambda sums, cases: sums[0] / cases, groups=groups, bound=bound)


def interval(
    scorer: Scorer,
    cases: Sequence[Scored],
    *,
    groups: Groups | None = None,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 7,
) -> tuple[float, float] | None:
    """The bootstrap interval of the scorer's main figure over the groups of cases; None of no cases."""
    rows = [scorer.parts(case) for case in cases]
    return paired.interval(rows, scorer.figure, groups=groups, confidence=confidence, resamples=resamples, seed=seed)
