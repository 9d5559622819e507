"""Is a version worse in use than the one before? Pure: what both met goes in, a judgment of each signal comes out.

**Like with like.** What was met comes in strata (source and length of the text; of proposals the expert and the task,
too), and only what both versions met of a stratum is compared (`common.stratified`). Both sides are samples, and the
test has the noise of both.

**Sequentially.** A signal is looked at when so many comparable ones are in, then at twice as many, and so on, each time
at the first so many of them. So it does not matter how often beat comes by, and a look that is taken twice says the
same twice. Each look has its own level, 75 % of what its signal has left, fixed beforehand (alpha spending: K. K. G.
Lan and D. L. DeMets, Biometrika 70, 1983); all looks of all signals together have `ERROR`. By the union bound a version
that is as good as the one before is complained about with at most that chance, however long it is watched.

What is worse by no more than the tolerance is no complaint. Where even the worst outcome would prove nothing, or too
few are in, the signal is not judged, and says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from common.stratified import Seen, Stratum, p_larger, shared, standardized, standardized_quantile

# The chance of a false complaint for each promotion, over all signals and looks.
ERROR = 0.02
# Proposals decided by experts before their confirm rate is judged. At 60 a halved rate is found in four of five cases:
# one of .8 with 60 from before, one of .5 with 200 (benchmarks/gate).
CONFIRMATIONS = 60
# Of what a signal has left, the share that a look spends.
_SPENT = 0.75
# Latencies are compared by their slowest tenth.
_SLOW = 0.9


@dataclass(frozen=True)
class Use:
    """What a version met in use, in order of time: a stratum, and 1.0 where it was bad, else 0.0.

    `slower` has milliseconds instead.
    """

    confirmed: Sequence[Seen] = ()
    errors: Sequence[Seen] = ()
    unreadable: Sequence[Seen] = ()
    disliked: Sequence[Seen] = ()
    slower: Sequence[Seen] = ()


@dataclass(frozen=True)
class Limits:
    """Comparable ones before the first look, the share that may be worse, and how many times slower."""

    requests: int = 20
    tolerance: float = 0.05
    slowdown: float = 2.0


@dataclass(frozen=True)
class Signal:
    """A field of `Use`: its part of `ERROR`, its title, and its sentence after "30 of 40"."""

    name: str
    part: float
    title: str
    said: str = ""

    @property
    def is_latency(self) -> bool:
        """Whether it measures milliseconds, not bad ones."""
        return self.name == "slower"

    def first(self, limits: Limits) -> int:
        """How many comparable ones the first look wants."""
        return CONFIRMATIONS if self.name == "confirmed" else limits.requests


# The experts' word is the best signal, and the rarest: it has most of what may be spent.
SIGNALS = (
    Signal("confirmed", 0.7, "Proposals confirmed", "proposals were confirmed by experts"),
    Signal("errors", 0.075, "Requests without an answer", "requests got no answer"),
    Signal("unreadable", 0.075, "Answers that could not be read", "answers could not be read"),
    Signal("disliked", 0.075, "Thumbs down", "thumbs were down"),
    Signal("slower", 0.075, "Slowest tenth of the answers"),
)


@dataclass(frozen=True)
class Judgment:
    """What is known of one signal.

    `count` comparable ones are in, `apart` have nothing alike before; `needed` are wanted for the next look, and at
    `looked` was the last one (0: none). `value` and `before` are shares of 0 to 1 or milliseconds, None of nothing;
    `before` is of the like (standardized). `verdict` says it in words.
    """

    name: str
    title: str
    worse: bool
    judged: bool
    sentence: str
    verdict: str
    count: int
    needed: int
    looked: int
    apart: int
    value: float | None
    before: float | None


def judge(now: Use, before: Use, limits: Limits) -> list[Judgment]:
    """Every signal, in the order of `SIGNALS`."""
    return [_judged(signal, getattr(now, signal.name), getattr(before, signal.name), limits) for signal in SIGNALS]


def complaints(judged: Sequence[Judgment]) -> list[str]:
    """What is worse, a sentence each; empty where nothing is shown to be."""
    return [each.sentence for each in judged if each.worse]


def unjudged(judged: Sequence[Judgment]) -> str:
    """What could not be judged yet, with its numbers; empty where all was."""
    rows = [f"{each.title.lower()} {each.verdict.removeprefix('not judged: ')}" for each in judged if not each.judged]
    return f"Not judged: {'; '.join(rows)}." if rows else ""


def levels(part: float, looks: int) -> list[float]:
    """The level of each look of a signal that has `part` of `ERROR`."""
    return [part * ERROR * _SPENT * (1 - _SPENT) ** place for place in range(looks)]


def _judged(signal: Signal, now: Sequence[Seen], before: Sequence[Seen], limits: Limits) -> Judgment:
    known = {stratum for stratum, _ in before}
    alike = [each for each in now if each[0] in known]
    first = signal.first(limits)
    looks = [first << place for place in range((len(alike) // first).bit_length())]
    found, able = 0, False
    for count, level in zip(looks, levels(signal.part, len(looks)), strict=True):
        able = _p(signal, _worst(signal, alike[:count]), before, limits) <= level
        if able and _is_beyond(signal, alike[:count], before, limits):
            found = count if _p(signal, alike[:count], before, limits) <= level else found
    shown = alike[:found] if found else alike
    value, old = _figures(signal, shown, before)
    looked, needed = looks[-1] if looks else 0, first << len(looks)
    return Judgment(
        name=signal.name,
        title=signal.title,
        worse=bool(found),
        judged=bool(found) or able,
        sentence=_sentence(signal, shown, value, old) if shown else "",
        verdict=_verdict(bool(found), able, len(alike), len(now) - len(alike), looked, needed, len(before)),
        count=len(alike),
        needed=needed,
        looked=looked,
        apart=len(now) - len(alike),
        value=value,
        before=old,
    )


def _p(signal: Signal, now: Sequence[Seen], before: Sequence[Seen], limits: Limits) -> float:
    pairs = shared(now, before)
    if not signal.is_latency:
        return p_larger([Stratum(int(sum(new)), len(new), int(sum(old)), len(old)) for new, old in pairs])
    return p_larger([_slow(new, [each * limits.slowdown for each in old]) for new, old in pairs])


def _slow(new: list[float], old: list[float]) -> Stratum:
    """How many of each are among the slowest tenth of both: a quantile test, which no outlier moves.

    The old ones come as slow as they may be; were the new ones so slow, each could as well be one of the old.
    """
    both = sorted(new + old)
    limit = both[min(len(both) - 2, math.ceil(_SLOW * len(both)) - 1)]
    return Stratum(sum(each > limit for each in new), len(new), sum(each > limit for each in old), len(old))


def _worst(signal: Signal, now: Sequence[Seen]) -> list[Seen]:
    bad = math.inf if signal.is_latency else 1.0
    # Latencies that are all without end would tie; any that differ tell the same.
    return [(stratum, bad if not signal.is_latency else 1e12 + place) for place, (stratum, _) in enumerate(now)]


def _is_beyond(signal: Signal, now: Sequence[Seen], before: Sequence[Seen], limits: Limits) -> bool:
    """Whether it is worse than the tolerance allows, by the best estimate."""
    value, old = _figures(signal, now, before)
    if value is None or old is None:
        return False
    if signal.is_latency:
        return value > limits.slowdown * old
    return (old - value if signal.name == "confirmed" else value - old) > limits.tolerance


def _figures(signal: Signal, now: Sequence[Seen], before: Sequence[Seen]) -> tuple[float | None, float | None]:
    pairs = shared(now, before)
    if signal.is_latency:
        turned = [(new, new) for new, _ in pairs]
        return standardized_quantile(turned, _SLOW), standardized_quantile(pairs, _SLOW)
    bad, old = standardized([(new, new) for new, _ in pairs]), standardized(pairs)
    if bad is None or old is None or signal.name != "confirmed":
        return bad, old
    return 1 - bad, 1 - old


def _sentence(signal: Signal, now: Sequence[Seen], value: float | None, old: float | None) -> str:
    if value is None or old is None:
        return ""
    if signal.is_latency:
        times = f", {value / old:.1f} times as long as before" if old else ""
        return f"the slowest tenth of {len(now)} answers took {value:.0f} ms or more{times} ({old:.0f} ms, of the like)"
    bad = int(sum(each for _, each in now))
    shown = len(now) - bad if signal.name == "confirmed" else bad
    return f"{shown} of {len(now)} {signal.said} ({value:.0%}; before, of the like, {old:.0%})"


def _verdict(worse: bool, able: bool, count: int, apart: int, looked: int, needed: int, before: int) -> str:
    if worse:
        return "worse"
    if able:
        return f"not shown to be worse at {looked}; the next look is at {needed}"
    other = f", {apart} more have nothing alike before" if apart else ""
    if looked:
        return f"not judged: {looked} of {looked}, but the {before} from before cannot show it; next at {needed}{other}"
    return f"not judged: {count} of {needed}{other}"
