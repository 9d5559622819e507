"""The bootstrap over rows that two have answered: the interval of a figure's difference, or of one figure. Pure.

Groups of rows (near-duplicates; each row its own unless said) are drawn with replacement, the same draw for both, and
the figure of each is computed anew from the sums of the drawn rows' parts (a micro-F1 is no mean over rows). The seed
is fixed, so the same rows always give the same interval.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

# Draws are made in blocks of about this many numbers, so that 10,000 draws of many rows fit in memory.
_BLOCK = 4_000_000
# From the summed parts, arrays of one shape with the parts first, and the number of rows (one, or one per column).
Figure = Callable[[Any, Any], Any]
Groups = Sequence[Hashable]


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
    groups: Groups | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 7,
) -> Difference:
    """The paired difference between the figures of two, from the parts of each row; row i of both is the same row.

    `groups[i]` is the group of row i. Raises `ValueError` on no rows or unequal lengths.
    """
    width, table = paired_table(candidate, reference, groups)
    whole = table.sum(axis=0)
    ours, theirs = float(figure(whole[:width], whole[-1])), float(figure(whole[width:-1], whole[-1]))
    sums = _resampled_sums(table, resamples, seed)
    drawn = figure(sums[:, :width].T, sums[:, -1]) - figure(sums[:, width:-1].T, sums[:, -1])
    return Difference(ours, theirs, ours - theirs, *_ends(drawn, confidence))


def interval(
    rows: Sequence[Sequence[float]],
    figure: Figure,
    *,
    groups: Groups | None = None,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 7,
) -> tuple[float, float] | None:
    """The interval of one figure over the rows' parts; None of no rows."""
    if not rows:
        return None
    sums = _resampled_sums(group_sums(rows, groups), resamples, seed)
    return _ends(figure(sums[:, :-1].T, sums[:, -1]), confidence)


def paired_table(
    candidate: Sequence[Sequence[float]], reference: Sequence[Sequence[float]], groups: Groups | None = None
) -> tuple[int, "Array"]:
    """How many parts a row has, and a line per group: the candidate's sums, the reference's, the number of rows.

    Raises `ValueError` on no rows or unequal lengths.
    """
    if len(candidate) == 0 or len(candidate) != len(reference):
        raise ValueError(f"{len(candidate)} and {len(reference)} cases cannot be compared in pairs.")
    rows = [[*one, *two] for one, two in zip(candidate, reference, strict=True)]
    return len(candidate[0]), group_sums(rows, groups)


def group_sums(rows: Sequence[Sequence[float]], groups: Groups | None = None) -> "Array":
    """A line per group, in the order in which they come: the sums of its rows, and how many there are.

    Raises `ValueError` where not every row has a group.
    """
    import numpy as np

    table = np.column_stack([np.array(rows, dtype=np.float64), np.ones(len(rows))])
    if groups is None:
        return table
    if len(groups) != len(rows):
        raise ValueError(f"{len(groups)} groups were given for {len(rows)} cases.")
    number = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    found = np.zeros((len(number), table.shape[1]))
    np.add.at(found, [number[group] for group in groups], table)
    return found


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
