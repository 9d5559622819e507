"""Promotions watched, played with the watch's own rule: what both versions meet, like and unlike, and what is said."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.gate.rows import Row, share
from common.stratified import Seen
from deployment.monitoring.comparison import CONFIRMATIONS, ERROR, Judgment, Limits, Use, judge

# No tolerance and no slowdown allowed: whatever is called worse is so by the test alone.
BARE = Limits(20, 0.0, 1.0)
# Nine strata, three experts or sources with three lengths each: how often each comes before and after the move. Each
# has a rate of its own, by so much of the whole below or above it.
_BEFORE = tuple(np.outer((0.5, 0.3, 0.2), (0.5, 0.3, 0.2)).ravel())
_AFTER = tuple(np.outer((0.2, 0.3, 0.5), (0.2, 0.3, 0.5)).ravel())
_SHIFTS = tuple(np.add.outer((-0.1, 0.0, 0.1), (-0.2, 0.0, 0.2)).ravel())


def met(rng: np.random.Generator, count: int, rate: float, mix: tuple[float, ...]) -> list[Seen]:
    """So many in order: 1.0 at `rate` and more or less in each stratum, else 0.0."""
    strata = rng.choice(len(mix), count, p=mix)
    chance = np.clip(rate * (1 + np.array(_SHIFTS)[strata]), 0, 1)
    return list(zip(strata.tolist(), (rng.random(count) < chance).astype(float).tolist(), strict=True))


def decided(rng: np.random.Generator, count: int, rate: float, mix: tuple[float, ...]) -> list[Seen]:
    """So many proposals, confirmed (0.0) at `rate`, else corrected."""
    return [(stratum, 1.0 - confirmed) for stratum, confirmed in met(rng, count, rate, mix)]


def latencies(rng: np.random.Generator, count: int, mix: tuple[float, ...], times: float = 1.0) -> list[Seen]:
    """Milliseconds that grow with the length of the text, with a long tail."""
    strata: Any = rng.choice(len(mix), count, p=mix)
    took = times * 100.0 * 4.0 ** (strata % 3) * np.exp(rng.normal(0, 0.5, count))
    return list(zip(strata.tolist(), took.tolist(), strict=True))


def use(rng: np.random.Generator, requests: int, proposals: int, mix: tuple[float, ...]) -> Use:
    """What a version meets: a tenth of the requests has thumbs; rates as they are met in projects."""
    return Use(
        confirmed=decided(rng, proposals, 0.6, mix),
        errors=[("", bad) for _, bad in met(rng, requests, 0.02, (1.0,))],
        unreadable=met(rng, requests, 0.05, mix),
        disliked=met(rng, requests // 10, 0.2, mix),
        slower=latencies(rng, requests, mix),
    )


def called_worse(judged: list[Judgment]) -> bool:
    """Whether anything is."""
    return any(each.worse for each in judged)


def equal(seed: int, draws: int, requests: int = 1_280, proposals: int = 480) -> Row:
    """Two versions alike that meet another mix of texts: complaints by any signal at any look of the whole watch."""
    rng, hits = np.random.default_rng(seed), 0
    for _ in range(draws):
        now, before = use(rng, requests, proposals, _AFTER), use(rng, requests, 200, _BEFORE)
        hits += called_worse(judge(now, before, BARE))
    return share(hits, draws, ERROR)


def halved(seed: int, draws: int, rate: float, before: int, bound: float | None = 0.8) -> Row:
    """A confirm rate that is half of what it was, 60 confirmations in, by the policy's usual limits."""
    rng, hits = np.random.default_rng(seed), 0
    for _ in range(draws):
        old = Use(confirmed=decided(rng, before, rate, _BEFORE))
        new = Use(confirmed=decided(rng, CONFIRMATIONS, rate / 2, _AFTER))
        hits += called_worse(judge(new, old, Limits()))
    return share(hits, draws, bound, at_least=True)


def slower(seed: int, draws: int, times: float, requests: int = 40) -> Row:
    """Every answer takes so many times as long: how often that is called worse, by the policy's usual limits."""
    rng, hits = np.random.default_rng(seed), 0
    for _ in range(draws):
        old, new = latencies(rng, 200, _BEFORE), latencies(rng, requests, _AFTER, times)
        hits += called_worse(judge(Use(slower=new), Use(slower=old), Limits()))
    return share(hits, draws, None)


def rows(seed: int, draws: int) -> Iterator[tuple[str, Row]]:
    """Every row by name, each from a seed of its own."""
    yield "watch: false complaints per promotion", equal(seed, draws)
    yield "watch: a halved confirm rate at 60", halved(seed + 1, draws, 0.5, 200)
    yield "watch: the same from .8, 60 before, too", halved(seed + 2, draws, 0.8, 60)
    yield "watch: the same from .5, but 60 before", halved(seed + 3, draws, 0.5, 60, None)
    yield "watch: four times as slow at 40", slower(seed + 4, draws, 4.0)
