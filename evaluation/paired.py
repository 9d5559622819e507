"""The paired test: two versions on the same cases, and the bootstrap interval of their difference, or of one figure.

Cases are drawn with replacement, the same draw for both versions, and the main figure of each is computed anew
from the drawn cases (for micro-F1 from their summed counts: it is no mean over cases). The percentiles of the
differences bound the true one. The seed is fixed, so the same cases always give the same interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluation.scorers import Scored, Scorer

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

TEST = "paired bootstrap over cases, percentile interval"

# Draws are made in blocks of about this many numbers, so that 10,000 draws of many cases fit in memory.
_BLOCK = 4_000_000


@dataclass(frozen=True)
class Difference:
    """Candidate minus reference: both figures on the shared cases, their difference, and its interval."""

    candidate: float
    reference: float
    value: float
    low: float
    high: float


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
    import numpy as np

    if not candidate or len(candidate) != len(reference):
        raise ValueError(f"{len(candidate)} and {len(reference)} cases cannot be compared in pairs.")
    parts, figure = scorer.parts, scorer.figure
    width = len(parts(candidate[0]))
    table = np.array(
        [[*parts(one), *parts(two)] for one, two in zip(candidate, reference, strict=True)], dtype=np.float64
    )
    whole = table.sum(axis=0)
    ours, theirs = float(figure(whole[:width], len(table))), float(figure(whole[width:], len(table)))
    sums = _resampled_sums(table, resamples, seed)
    drawn = figure(sums[:, :width].T, len(table)) - figure(sums[:, width:].T, len(table))
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Difference(ours, theirs, ours - theirs, float(low), float(high))


def interval(
    scorer: Scorer, cases: Sequence[Scored], *, confidence: float = 0.95, resamples: int = 2_000, seed: int = 7
) -> tuple[float, float] | None:
    """The bootstrap interval of the scorer's main figure over the cases; None of no cases."""
    import numpy as np

    if not cases:
        return None
    table = np.array([scorer.parts(case) for case in cases], dtype=np.float64)
    drawn = scorer.figure(_resampled_sums(table, resamples, seed).T, len(table))
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _resampled_sums(table: "Array", resamples: int, seed: int) -> "Array":
    """Column sums of `resamples` draws of as many rows as `table` has; shape (resamples, columns)."""
    import numpy as np

    rng = np.random.default_rng(seed)
    cases = len(table)
    block = max(1, _BLOCK // cases)
    sums = [
        rng.multinomial(cases, np.full(cases, 1 / cases), size=min(block, resamples - start)) @ table
        for start in range(0, resamples, block)
    ]
    return np.concatenate(sums)
