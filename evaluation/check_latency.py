"""Whether a version answers about as fast as its reference, under equal load: a test of non-inferiority. Pure.

Median and 95th percentile of both are taken on the same cases, asked through the same kind of server with as many
requests at once. The interval of their ratio is a paired bootstrap: groups of near-duplicates are drawn with
replacement, the same draw for both, since long texts take both versions long. The version is shown to be fast enough
where both ratios have their upper end, one-sided, within the policy's ratio (an intersection-union test: R. L. Berger,
Technometrics 24, 1982), and shown to be too slow where one of them has its lower end above it, each at half of the
level.

The interval knows of texts, not of days: what else the server did while it was measured is in no interval.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evaluation.checks import Check, unit
from evaluation.policy import Policy

if TYPE_CHECKING:
    from common.paired import Array

NAME = "latency"
_MEDIAN, _TAIL = 0.5, 0.95
# With so many units the sample nearly always (.95 to the power of 100: but once in 170) reaches beyond the true 95th
# percentile; with fewer no resampling can tell how far that may lie.
TAIL_UNITS = 100
_TITLES = {_MEDIAN: "median", _TAIL: "95th percentile"}
_BLOCK = 4_000_000
# From a thousandth of a millisecond to eleven days; what lies beyond is no measurement, and a file may hold anything.
_MEASURABLE = (1e-3, 1e9)


@dataclass(frozen=True)
class Load:
    """Under what a benchmark was measured: the kind of its server, and the requests at once."""

    server: str
    at_once: int

    def __str__(self) -> str:
        return f"{self.server}, {self.at_once} at once"


def load_in(metrics: Mapping[str, Any]) -> Load | None:
    """The load that a benchmark's figures were measured under; None where that was not kept."""
    kept = metrics.get("load")
    return Load(str(kept["server"]), int(kept["at_once"])) if kept else None


@dataclass(frozen=True)
class Timing:
    """The milliseconds of each case that was answered (more than 0), by case; the load, None where it was not kept."""

    ms: Mapping[Any, float] = field(default_factory=dict)
    load: Load | None = None


@dataclass(frozen=True)
class Ratio:
    """A percentile of both in milliseconds, and the draws of its ratio."""

    point: float
    ours: float
    theirs: float
    drawn: "Array"

    @property
    def value(self) -> float:
        """How many times as slow."""
        return self.ours / self.theirs

    def end(self, chance: float) -> float:
        """The ratio that so large a share of the draws stays below."""
        import numpy as np

        return float(np.quantile(self.drawn, chance))


def check_latency(policy: Policy, ours: Timing, theirs: Timing, group_of: Callable[[Any], Hashable]) -> Check | None:
    """Whether the version is shown to be at most `policy.latency_ratio` times as slow; None where none is asked for.

    What was not measured alike is not compared, says so, and refuses nothing.
    """
    most = policy.latency_ratio
    if most is None:
        return None
    shared = sorted(ours.ms.keys() & theirs.ms.keys(), key=str)
    groups = [group_of(case) for case in shared]
    units, both = len(set(groups)), (ours.load, theirs.load)
    if ours.load is None or ours.load != theirs.load:
        loads = " and ".join("under a load that was not kept" if load is None else f"on {load}" for load in both)
        return Check(NAME, True, 0, most, f"latency is not compared: measured {loads}")
    if units < max(2, policy.min_cases):
        return Check(NAME, True, 0, most, f"latency is not compared: both answered only {unit(len(shared), units)}")
    points = (_MEDIAN, _TAIL) if units >= TAIL_UNITS else (_MEDIAN,)
    rows = ratios([ours.ms[each] for each in shared], [theirs.ms[each] for each in shared], groups, points, policy)
    return _judged(policy, most, rows, f"{ours.load}, {unit(len(shared), units)}")


def ratios(
    ours: list[float], theirs: list[float], groups: list[Hashable], points: tuple[float, ...], policy: Policy
) -> list[Ratio]:
    """The ratio of each percentile, linear between neighbours, with its paired bootstrap over groups.

    Milliseconds above 0; row i of all three is the same case.
    """
    import numpy as np

    number = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    place = np.array([number[group] for group in groups])
    one, two = (np.clip(each, *_MEASURABLE) for each in (ours, theirs))
    rng, parts = np.random.default_rng(policy.seed), []
    block = max(1, _BLOCK // len(ours))
    for start in range(0, policy.resamples, block):
        size = min(block, policy.resamples - start)
        counts = rng.multinomial(len(number), np.full(len(number), 1 / len(number)), size=size)[:, place]
        parts.append(_percentiles(one, counts, points) / _percentiles(two, counts, points))
    drawn, whole = np.concatenate(parts, axis=1), np.ones((1, len(ours)), dtype=int)
    seen = [_percentiles(each, whole, points)[:, 0].tolist() for each in (one, two)]
    return [Ratio(*row) for row in zip(points, *seen, drawn, strict=True)]


def _percentiles(values: "Array", counts: Any, points: tuple[float, ...]) -> "Array":
    """Percentiles of `values`, each taken as often as a row of `counts` says; shape (points, rows)."""
    import numpy as np

    order = values.argsort()
    ordered, running = values[order], counts[:, order].cumsum(axis=1)
    last, found = running[:, -1] - 1, []
    for point in points:
        position = point * last
        low = np.floor(position)
        below, above = (ordered[(running <= each[:, None]).sum(axis=1)] for each in (low, np.minimum(low + 1, last)))
        found.append(below + (above - below) * (position - low))
    return np.array(found)


def _judged(policy: Policy, most: float, rows: list[Ratio], where: str) -> Check:
    ok = all(row.end(policy.confidence) <= most for row in rows)
    refuses = any(row.end(policy.level / 2) > most for row in rows)
    words = "shown to be at most" if ok else "shown to be above" if refuses else "not shown to be at most"
    said = "; ".join(_said(policy, row) for row in rows)
    few = "" if len(rows) > 1 else f"; the 95th percentile takes {TAIL_UNITS} cases"
    detail = f"{said}: {words} {most:g} times ({where}{few})"
    return Check(NAME, ok, max(row.value for row in rows), most, detail, refuses)


def _said(policy: Policy, row: Ratio) -> str:
    tail = policy.level / 2
    return (
        f"{_TITLES[row.point]} {_ms(row.ours)}, {row.value:.2f} times the {_ms(row.theirs)} of the reference "
        f"({policy.confidence:.0%} interval {row.end(tail):.2f} to {row.end(1 - tail):.2f})"
    )


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2g} ms"
