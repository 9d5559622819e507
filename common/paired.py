"""The bootstrap over rows that two have answered: the interval of a figure's difference, or of one figure. Pure.

Rows are drawn with replacement, the same draw for both, and the figure of each is computed anew from the sums of the
drawn rows' parts (a micro-F1 is no mean over rows). The seed is fixed, so the same rows always give the same interval.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

# Draws are made in blocks of about this many numbers, so that 10,000 draws of many rows fit in memory.
_BLOCK = 4_000_000
# From the summed parts, arrays of one shape with the parts first, and the number of rows.
Figure = Callable[[Any, int], Any]


@dataclass(frozen=True)
class Difference:
    """Candidate minus reference: both figures on the shared rows, their difference, and its interval."""

    candidate: float
    reference: float
    value: float
    low: float
    high: float


def difference(
    candidate: Sequence[Sequence[float]],
    reference: Sequence[Sequence[float]],
    figure: Figure,
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 7,
) -> Difference:
    """The paired difference between the figures of two, from the parts of each row; row i of both is the same row.

    Raises `ValueError` on no rows or unequal lengths.
    """
    import numpy as np

    if not candidate or len(candidate) != len(reference):
        raise ValueError(f"{len(candidate)} and {len(reference)} cases cannot be compared in pairs.")
    width = len(candidate[0])
    table = np.array([[*one, *two] for one, two in zip(candidate, reference, strict=True)], dtype=np.float64)
    whole = table.sum(axis=0)
    ours, theirs = float(figure(whole[:width], len(table))), float(figure(whole[width:], len(table)))
    sums = _resampled_sums(table, resamples, seed)
    drawn = figure(sums[:, :width].T, len(table)) - figure(sums[:, width:].T, len(table))
    return Difference(ours, theirs, ours - theirs, *_ends(drawn, confidence))


def interval(
    rows: Sequence[Sequence[float]],
    figure: Figure,
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 7,
) -> tuple[float, float] | None:
    """The interval of one figure over the rows' parts; None of no rows."""
    import numpy as np

    if not rows:
        return None
    table = np.array(rows, dtype=np.float64)
    return _ends(figure(_resampled_sums(table, resamples, seed).T, len(table)), confidence)


def _ends(drawn: Any, confidence: float) -> tuple[float, float]:
    import numpy as np

    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _resampled_sums(table: "Array", resamples: int, seed: int) -> "Array":
    """Column sums of `resamples` draws of as many rows as `table` has; shape (resamples, columns)."""
    import numpy as np

    rng = np.random.default_rng(seed)
    rows = len(table)
    block = max(1, _BLOCK // rows)
    sums = [
        rng.multinomial(rows, np.full(rows, 1 / rows), size=min(block, resamples - start)) @ table
        for start in range(0, resamples, block)
    ]
    return np.concatenate(sums)
