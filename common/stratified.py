"""Is a share larger in one of two independent groups than in the other, like compared with like? Pure.

Both groups are cut into strata of alike things, and only things of one stratum are ever compared. The test is the exact
one of a common odds ratio: were both groups alike in each stratum, the bad ones of a stratum would fall to the two by
chance alone (hypergeometric, given the totals), whatever the stratum's own rate is; p is the chance that as many of
them in all, or more, fall to the first. N. Mantel and W. Haenszel, JNCI 22 (1959) for the sum over strata; J. J. Gart,
Biometrika 57 (1970) for its exact distribution, which is the most powerful where the odds ratio is one for all strata
(M. W. Birch, JRSS B 26, 1964). Both groups' noise is in it, and it holds for the smallest counts. What is exactly as
likely as what was seen counts half: the mid-p, for the reason told in `common.permutation`.

The size of a difference is told by direct standardization: what the second group's rates would give on the first's mix.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

# The stratum of a thing, and what was measured of it.
Seen = tuple[Hashable, float]


@dataclass(frozen=True)
class Stratum:
    """Counts of alike things: the bad ones among all of the first group, and of the second."""

    bad: int
    of: int
    other_bad: int
    other_of: int


def by_stratum(seen: Iterable[Seen]) -> dict[Hashable, list[float]]:
    """The measures of each stratum, in the order in which they come."""
    found: dict[Hashable, list[float]] = {}
    for stratum, measure in seen:
        found.setdefault(stratum, []).append(measure)
    return found


def shared(first: Iterable[Seen], second: Iterable[Seen]) -> list[tuple[list[float], list[float]]]:
    """The measures of both, for each stratum that both have."""
    ours, theirs = by_stratum(first), by_stratum(second)
    return [(ours[stratum], theirs[stratum]) for stratum in ours if stratum in theirs]


def p_larger(strata: Sequence[Stratum]) -> float:
    """The one-sided mid-p of the first group's share being larger; 1 where nothing can be compared."""
    import numpy as np

    chances, lowest = np.ones(1), 0
    for each in strata:
        if each.of and each.other_of:
            least, more = _hypergeometric(each)
            chances, lowest = np.convolve(chances, more), lowest + least
    seen = sum(each.bad for each in strata if each.of and each.other_of) - lowest
    if len(chances) == 1:
        return 1.0
    return float(min(1.0, chances[seen + 1 :].sum() + chances[seen] / 2))


def standardized(pairs: Sequence[tuple[Sequence[float], Sequence[float]]]) -> float | None:
    """The second group's mean were its mix of strata the first's; None where nothing can be compared."""
    total = sum(len(ours) for ours, _ in pairs)
    return sum(len(ours) * math.fsum(theirs) / len(theirs) for ours, theirs in pairs) / total if total else None


def standardized_quantile(pairs: Sequence[tuple[Sequence[float], Sequence[float]]], share: float) -> float | None:
    """What at least `share` of the second group do not exceed, were its mix of strata the first's; None of nothing."""
    weighed = sorted((value, len(ours) / len(theirs)) for ours, theirs in pairs for value in theirs)
    total, passed = math.fsum(weight for _, weight in weighed), 0.0
    for value, weight in weighed:
        passed += weight
        if passed >= share * total - 1e-9:
            return value
    return None


def _hypergeometric(each: Stratum) -> "tuple[int, Array]":
    """The fewest bad ones that the first group can have, and the chance of that many, one more, and so on."""
    import numpy as np

    bad, count = each.bad + each.other_bad, each.of + each.other_of
    least, most = max(0, bad - each.other_of), min(bad, each.of)
    logs, k = _log_factorials(1 << count.bit_length()), np.arange(least, most + 1)
    log = (
        logs[bad] - logs[k] - logs[bad - k] + logs[count - bad] - logs[each.of - k] - logs[count - bad - each.of + k]
    ) - (logs[count] - logs[each.of] - logs[each.other_of])
    return least, np.exp(log)


@lru_cache(maxsize=24)
def _log_factorials(most: int) -> "Array":
    """The logarithms of 0! to `most`!."""
    import numpy as np

    return np.concatenate([np.zeros(1), np.cumsum(np.log(np.arange(1, most + 1)))])
