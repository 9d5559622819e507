"""Figures that every kind of answer has: pure functions over scored cases (see `evaluation.scorers` for the others)."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from common.intervals import wilson
from common.paired import Groups
from common.paired import interval as bootstrap
from evaluation.paired import interval
from evaluation.scorers import Scored, Scorer
from evaluation.scorers.base import ratio
from labeling.answers import Status


def psr(cases: Sequence[Scored]) -> float:
    """Parsing success rate: the share of answers that were read, strictly or repaired."""
    return ratio(sum(case.status != Status.FAILED for case in cases), len(cases))


def fcr(cases: Sequence[Scored]) -> float:
    """Format correction rate: the share of all answers that had to be repaired."""
    return ratio(sum(case.status == Status.REPAIRED for case in cases), len(cases))


def percentiles(values: Iterable[float], points: Sequence[float] = (50, 90, 99)) -> dict[str, float]:
    """Percentiles, linear between neighbours, as `{"p50": ...}`, and the greatest as `max`; {} of no values."""
    ordered = sorted(values)
    if not ordered:
        return {}
    found = {f"p{point:g}": _percentile(ordered, point / 100) for point in points}
    return found | {"max": ordered[-1]}


def summary(
    scorer: Scorer, cases: Sequence[Scored], latencies_ms: Iterable[float] = (), groups: Groups | None = None
) -> dict[str, Any]:
    """Every figure of a benchmark as one JSON object; its main figure stands under `main`, its name `main_metric`.

    `groups[i]` is the group of near-duplicates of case i; where there are any, intervals are of groups, and `units`
    says how many there are.
    """
    units = len(cases) if groups is None else len(set(groups))
    exact = sum(map(scorer.is_exact, cases))
    return {
        "cases": len(cases),
        "psr": psr(cases),
        "psr_interval": _rate_interval([not case.is_failed for case in cases], groups),
        "fcr": fcr(cases),
        "exact": ratio(exact, len(cases)),
        "exact_interval": _rate_interval([scorer.is_exact(case) for case in cases], groups),
        "latency_ms": percentiles(latencies_ms, (50, 95, 99)),
        **scorer.figures(cases),
        "main_metric": scorer.main,
        "main": scorer.main_value(cases),
        "main_interval": interval(scorer, cases, groups=groups),
        **({"units": units} if units < len(cases) else {}),
    }


def _rate_interval(right: Sequence[bool], groups: Groups | None) -> tuple[float, float]:
    """Wilson's where each case is one unit, else the group bootstrap's; where all are alike, Wilson's of the groups."""
    units = len(right) if groups is None else len(set(groups))
    if units == len(right) or sum(right) in (0, len(right)):
        return wilson(units if all(right) else sum(right), units)
    return bootstrap([[float(each)] for each in right], lambda sums, count: sums[0] / count, groups=groups) or (
        0.0,
        1.0,
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)
