"""Is the difference of two on the same rows more than chance? One-sided tests over groups of rows. Pure.

**Bound 0**: the sign-flip permutation test. Were both alike, each group's two answers could have been the other way
round, so every exchange is as likely as what was seen; p is the share of exchanges that differ by as much or more. The
figure is worked out anew from the exchanged sums, so it may be any. The share is exact where the groups that differ are
few (every exchange is looked at) or where the figure is one whole number per row (sums are counted); else it is
estimated from draws, and its standard error is given.

What differs by just as much counts half (the mid-p: H. O. Lancaster, JASA 1961). One that differs in a whole number of
cases only is else far below its level. On such data the mid-p does not hold the level for each number of differing
groups, but on the average over them: M. Fagerland, S. Lydersen and P. Laake, BMC Medical Research Methodology 13:91
(2013), found it within the level throughout; at levels of .05 to .001 and 150 to 500 cases ours is at most at 1.02
times the level where under 95 % of the cases differ.

**Another bound** has no exact exchange. There the difference is held against the bound by the standard error that it
would have were the bound the truth, from the influence of each group (leave one out), and at least as large as if the
whole bound came in whole rows (which keeps small samples honest where nearly nothing differs). That is a normal
approximation, and says so in `method`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from common.paired import Figure, Groups, paired_table

if TYPE_CHECKING:
    from common.paired import Array

# Up to so many differing groups every exchange is looked at: 4,096.
_ENUMERATED = 12
# Whole numbers are counted up to this sum of differences.
_COUNTED = 20_000
_BLOCK = 4_000_000


@dataclass(frozen=True)
class Shown:
    """The one-sided test that the first is better than the second by more than `bound`.

    `method`: `exact`, `drawn` (p has the standard error `error`), or `approximate`. `differing` of `groups` differ.
    """

    p: float
    bound: float
    method: str
    rows: int
    groups: int
    differing: int
    error: float = 0.0


def shown_better(
    candidate: Sequence[Sequence[float]],
    reference: Sequence[Sequence[float]],
    figure: Figure,
    *,
    groups: Groups | None = None,
    bound: float = 0.0,
    draws: int = 10_000,
    seed: int = 7,
) -> Shown:
    """Test figure(candidate) - figure(reference) > `bound`; row i of both is the same row, of the group `groups[i]`.

    A figure of a single part must not fall where that part grows. Raises `ValueError` on no rows or unequal lengths.
    """
    width, table = paired_table(candidate, reference, groups)
    differ = table[(table[:, :width] != table[:, width:-1]).any(axis=1)]
    about = {"rows": int(table[:, -1].sum()), "groups": len(table), "differing": len(differ)}
    if bound:
        return Shown(_against(table, width, figure, bound), bound, "approximate", **about)
    sizes = differ[:, 0] - differ[:, 1] if width == 1 else None
    if not len(differ):
        return Shown(1.0, bound, "exact", **about)
    if sizes is not None and (sizes == sizes.round()).all() and abs(sizes).sum() <= _COUNTED:
        return Shown(_counted(sizes), bound, "exact", **about)
    exchange = _Exchange(table, differ, width, figure)
    if len(differ) <= _ENUMERATED:
        return Shown(exchange.all(), bound, "exact", **about)
    p = exchange.some(draws, seed)
    return Shown(p, bound, "drawn", **about, error=math.sqrt(p * (1 - p) / draws))


class _Exchange:
    """The differences that exchanges give: of the whole by the groups that differ, from half sums and half gaps."""

    def __init__(self, table: "Array", differ: "Array", width: int, figure: Figure) -> None:
        whole = table.sum(axis=0)
        self.rows, self.figure = whole[-1], figure
        self.middle = (whole[:width] + whole[width:-1])[:, None] / 2
        self.gaps = (differ[:, :width] - differ[:, width:-1]) / 2
        self.seen = float(self._of(self.gaps.sum(axis=0)[None, :])[0])

    def all(self) -> float:
        """p over every exchange."""
        import numpy as np

        count = len(self.gaps)
        signs = 1.0 - 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        return float(self._tail(self._of(signs @ self.gaps)) / 2**count)

    def some(self, draws: int, seed: int) -> float:
        """p over `draws` exchanges, and the one that was seen among them."""
        import numpy as np

        rng, tail = np.random.default_rng(seed), 0.5
        block = max(1, _BLOCK // len(self.gaps))
        for start in range(0, draws, block):
            signs = 1.0 - 2.0 * rng.integers(0, 2, (min(block, draws - start), len(self.gaps)), dtype=np.int8)
            tail += self._tail(self._of(signs @ self.gaps))
        return float(tail / (draws + 1))

    def _of(self, moved: "Array") -> Any:
        return self.figure(self.middle + moved.T, self.rows) - self.figure(self.middle - moved.T, self.rows)

    def _tail(self, found: Any) -> float:
        return float((found > self.seen + 1e-9).sum() + (abs(found - self.seen) <= 1e-9).sum() / 2)


def _counted(sizes: "Array") -> float:
    """p of a sum of whole numbers, each with a sign by chance: the distribution of the sum, size by size."""
    import numpy as np

    found = np.ones(1)
    for size, count in zip(*np.unique(abs(sizes.astype(int)), return_counts=True), strict=True):
        chances = np.zeros(2 * size * count + 1)
        chances[:: 2 * size] = _halves(int(count))
        found = np.convolve(found, chances)
    place = len(found) // 2 + int(sizes.sum())
    return float(min(1.0, found[place + 1 :].sum() + found[place] / 2))


def _halves(count: int) -> "Array":
    """The chances of 0 to `count` heads of `count` coins."""
    import numpy as np

    log = [math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) for k in range(count + 1)]
    return np.exp(np.array(log) - count * math.log(2))


def _against(table: "Array", width: int, figure: Figure, bound: float) -> float:
    """p of the difference against a bound, by each group's influence; 1 of a single group."""
    import numpy as np

    whole, count = table.sum(axis=0), len(table)
    if count < 2:
        return 1.0
    seen = float(figure(whole[:width], whole[-1]) - figure(whole[width:-1], whole[-1]))
    without = (whole - table).T
    left = figure(without[:width], without[-1]) - figure(without[width:-1], without[-1])
    influence = seen + (count - 1) * (left.mean() - left)
    least = (abs(bound) - bound**2) * float(np.square(table[:, -1]).sum()) / float(whole[-1]) ** 2
    error = math.sqrt(max(float(influence.var()) / count, _variance_at(influence - bound) / count, least))
    return 1 - NormalDist().cdf((seen - bound) / error) if error else float(seen <= bound)


def _variance_at(values: "Array") -> float:
    """The variance of `values` as it would be were their mean 0: under the likeliest weights that make it so.

    (A. B. Owen, "Empirical likelihood ratio confidence intervals for a single functional", Biometrika 75, 1988; of
    values of -1, 0 and 1 it is the restricted estimate of T. Tango, Statistics in Medicine 17, 1998.)
    """
    import numpy as np

    if values.min() >= 0 or values.max() <= 0:
        return float(values.var())
    low, high = -1 / float(values.max()), -1 / float(values.min())
    for _ in range(60):
        tilt = (low + high) / 2
        low, high = (tilt, high) if float((values / (1 + tilt * values)).sum()) > 0 else (low, tilt)
    weights = 1 / (1 + (low + high) / 2 * values)
    return float((weights * np.square(values)).sum() / weights.sum())
