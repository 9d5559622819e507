"""One candidate looked at again and again while the suite grows: what the budget keeps, and what it would be like
without it.
"""

import math
from collections.abc import Iterator

import numpy as np

from benchmarks.gate.lives import SCORER, Version, candidate, first
from benchmarks.gate.rows import SINGLE, Row, share
from evaluation.budget import GROWTH, Look, grant
from evaluation.checks import Pair
from evaluation.gate import tested

# A budget of one round, so that all looks at the one candidate have the whole of it.
BUDGET, ROUNDS = 0.05, 1


def sizes(begin: int = 100, end: int = 1_000) -> list[int]:
    """The suites on which a candidate that is not decided is looked at."""
    found = [begin]
    while found[-1] * GROWTH <= end:
        found.append(math.ceil(found[-1] * GROWTH))
    return found


def ever_cleared(version: Version, live: Version, over: list[int], *, spending: bool) -> bool:
    """Whether any look clears: at the level that the budget grants, or each at the policy's own."""
    looks = list[Look]()
    for size in over:
        look = grant(looks, BUDGET, ROUNDS, is_first=not looks, most=SINGLE.level)
        looks.append(look)
        pair = Pair(version.cases(size), live.cases(size), list(range(size)))
        if tested(SINGLE, SCORER, pair).p <= (look.level if spending else SINGLE.level):
            return True
    return False


def again(seed: int, draws: int, gain: float, bound: float | None, *, spending: bool = True, end: int = 1_000) -> Row:
    """How often a candidate with that true gain clears a look at some time."""
    rng, over = np.random.default_rng(seed), sizes(end=end)
    hits = 0
    for _ in range(draws):
        live = first(rng, over[-1])
        hits += ever_cleared(candidate(rng, live, gain, 0.2), live, over, spending=spending)
    return share(hits, draws, bound)


def rows(seed: int, draws: int) -> Iterator[tuple[str, Row]]:
    """Every row by name, each from a seed of its own."""
    looks = len(sizes())
    yield f"one equal version, {looks} looks while 100 cases grow to 1,000: cleared", again(seed, draws, 0.0, BUDGET)
    yield (
        "the same, had each look the whole level: cleared",
        again(seed + 1, draws, 0.0, None, spending=False),
    )
    yield "the same looks at one that is 5 points better: cleared", again(seed + 2, draws, 0.05, None)
