"""The rows of the promise, each by name: how often what must not happen happens, or what must."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.gate.lives import RIGHT, SCORER, WRONG, play
from evaluation.gate import Evidence, GateReport, Policy, Verdict, decide
from evaluation.scorers import Scored

ROUNDS = 20
# The interval does not decide, so few draws do for it; the tests of whole cases are exact.
SINGLE = Policy(minimum=0.0, resamples=100)
FAILED = Scored({"label": "a"}, None, "failed")


@dataclass(frozen=True)
class Row:
    """A figure, its Monte Carlo error (1.96 standard errors), and the bound that it must keep: at most, or at least."""

    value: float
    error: float
    bound: float | None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is within its bound, or outside by no more than its error; what has none always is."""
        if self.bound is None:
            return True
        over = self.bound - self.value if self.at_least else self.value - self.bound
        return over <= self.error


def share(hits: int, of: int, bound: float | None, *, at_least: bool = False) -> Row:
    """A share of as many."""
    rate, expected = hits / of, bound or 0.0
    return Row(rate, 1.96 * max(rate * (1 - rate), expected * (1 - expected)) ** 0.5 / of**0.5, bound, at_least)


def equal_lives(seed: int, lives: int, sizes: list[int]) -> Row:
    """Lives of equal versions in which the automatic gate promotes at least one."""
    rng = np.random.default_rng(seed)
    found = [play(rng, SINGLE, sizes, [0.0] * len(sizes)).false > 0 for _ in range(lives)]
    return share(sum(found), lives, 0.05)


def gaining_lives(seed: int, lives: int, sizes: list[int], *, lasting: bool = False) -> tuple[Row, Row]:
    """Of candidates that are truly 5 points better (35 % are): the share promoted; and lives with a false one."""
    rng = np.random.default_rng(seed)
    gains = np.where(rng.random((lives, len(sizes))) < 0.35, 0.05, 0.0)
    played = [play(rng, SINGLE, sizes, each.tolist(), lasting=lasting) for each in gains]
    found, there = sum(life.found for life in played), sum(life.gains for life in played)
    promoted = share(found, there, None if lasting else 0.5, at_least=True)
    return promoted, share(sum(life.false > 0 for life in played), lives, 0.02)


def sinking_lives(seed: int, lives: int, size: int = 1_000) -> tuple[Row, Row]:
    """Each candidate is truly one point worse, ties are accepted: lives that end below the anchor by more than the
    margin, and by how much they end below it on the average.
    """
    rng, policy = np.random.default_rng(seed), Policy(minimum=0.0, accept_tie=True, margin=0.05)
    played = [
        play(rng, policy, [size] * ROUNDS, [-0.01] * ROUNDS, differing=0.1, lasting=True).live for _ in range(lives)
    ]
    ends = np.array([live[-1] - max(live) for live in played])
    mean = Row(float(ends.mean()), float(1.96 * ends.std() / lives**0.5), -policy.margin, at_least=True)
    return share(int((ends < -policy.margin - 1e-9).sum()), lives, 0.05), mean


def bare(seed: int, draws: int, differing: float, bound: float, cases: int = 500, gain: float = 0.05) -> Row:
    """How often one look at the policy's own level passes a gain of 5 points."""
    rng, hits = np.random.default_rng(seed), 0
    for _ in range(draws):
        chance = rng.random(cases)
        wins, losses = (differing + gain) / 2, (differing - gain) / 2
        ours = [RIGHT if one < wins or one >= wins + losses else WRONG for one in chance]
        theirs = [RIGHT if one >= wins else WRONG for one in chance]
        hits += passes(ours, theirs)
    return share(hits, draws, bound, at_least=True)


def duplicates(seed: int, draws: int, cases: int = 150) -> Row:
    """Equal versions; half of the cases are near-duplicates in groups of five, answered alike."""
    rng, hits, groups = np.random.default_rng(seed), 0, np.arange(cases)
    groups[: cases // 2] //= 5
    known = dict(enumerate(groups.tolist()))
    for _ in range(draws):
        chance = rng.random(cases)[groups]
        ours = [WRONG if one < 0.1 else RIGHT for one in chance]
        theirs = [WRONG if 0.1 <= one < 0.2 else RIGHT for one in chance]
        hits += _judged(ours, theirs, known).verdict == Verdict.PASSED
    return share(hits, draws, 0.05)


def parsing(seed: int, draws: int, cases: int = 150, rate: float = 0.99) -> Row:
    """Two versions of the same true parsing rate: refused for it."""
    rng, hits = np.random.default_rng(seed), 0
    for _ in range(draws):
        ours, theirs = ([RIGHT if read else FAILED for read in rng.random(cases) < rate] for _ in "ab")
        hits += any(check.name == "psr" and check.refuses for check in _judged(ours, theirs).checks)
    return share(hits, draws, 0.05)


def passes(ours: list[Scored], theirs: list[Scored]) -> bool:
    """Whether one judgment of the first against the second passes."""
    return _judged(ours, theirs).verdict == Verdict.PASSED


def _judged(ours: list[Scored], theirs: list[Scored], groups: dict[int, int] | None = None) -> GateReport:
    one, two = (dict(enumerate(each)) for each in (ours, theirs))
    return decide(SINGLE, SCORER, Evidence("new", one, groups=groups or {}), Evidence("live", two))


def rows(seed: int, lives: int, draws: int) -> Iterator[tuple[str, Row]]:
    """Every row by name, one after the other, each from a seed of its own."""
    grown = list(range(200, 200 + 50 * ROUNDS, 50))
    yield "equal versions, a suite of 171: lives with a promotion", equal_lives(seed, lives, [171] * ROUNDS)
    yield "equal versions, 200 growing by 50: lives with a promotion", equal_lives(seed + 1, lives, grown)
    promoted, false = gaining_lives(seed + 2, lives, grown)
    yield "true gains, 200 growing by 50: promoted", promoted
    yield "true gains, 200 growing by 50: lives with a false promotion", false
    promoted, false = gaining_lives(seed + 9, lives, grown, lasting=True)
    yield "the same, what is live keeps its luck: promoted", promoted
    yield "the same, what is live keeps its luck: lives with a false promotion", false
    single: list[tuple[str, Callable[[], Row]]] = [
        ("one test, +5 points of 500 cases, 10 % differ: passed", lambda: bare(seed + 3, draws, 0.1, 0.97)),
        ("one test, +5 points of 500 cases, 20 % differ: passed", lambda: bare(seed + 4, draws, 0.2, 0.80)),
        ("one test, +5 points of 500 cases, 30 % differ: passed", lambda: bare(seed + 5, draws, 0.3, 0.65)),
        ("equal versions, half in groups of five, 150 cases: passed", lambda: duplicates(seed + 6, draws)),
        ("the same parsing rate of .99, 150 cases: refused for it", lambda: parsing(seed + 7, draws)),
    ]
    for name, played in single:
        yield name, played()
    below, mean = sinking_lives(seed + 8, lives)
    yield "each a point worse, ties within .05: lives that end below the anchor by more", below
    yield "each a point worse, ties within .05: mean end against the anchor", mean
