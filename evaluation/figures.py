"""Figures of benchmarks as pages and the admin show them: names, order, intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.models import BaselineResult, Benchmark
from evaluation.scorers import Column, scorer_of
from labeling.kinds import Asked

_READ: tuple[Column, ...] = (
    ("psr", "PSR", "Parsing success rate: answers that could be read, as they were or repaired"),
    ("fcr", "FCR", "Format correction rate: answers that had to be repaired"),
)
_EXACT: tuple[Column, ...] = (("exact", "Exact", "Answers that are right as a whole"),)
_INTERVALS = {"psr": "psr_interval", "exact": "exact_interval"}


@dataclass(frozen=True)
class Figure:
    """One figure with its title, and its 95 % interval: of a rate Wilson's, of the main figure by bootstrap."""

    name: str
    title: str
    help: str
    value: float | None
    interval: tuple[float, float] | None = None
    is_main: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the comparison: a version or a simple method on the same cases."""

    title: str
    figures: list[Figure]
    latency_ms: float | None = None
    benchmark: Benchmark | None = None
    is_this: bool = False


def columns(asked: Asked, *metrics: Mapping[str, Any]) -> tuple[Column, ...]:
    """The figures of the kind that a project or spec asks for, in the order in which they are shown.

    Where some of `metrics` are there, those that none of them has are left out.
    """
    scorer, there = scorer_of(asked), set().union(*metrics)
    own = [each for each in (*scorer.columns, *scorer.sometimes) if each[0] in there] if there else scorer.columns
    return (*_READ, *own, *_EXACT)


def figures(shown: Sequence[Column], metrics: Mapping[str, Any]) -> list[Figure]:
    """The figures of one benchmark or baseline; a value is None where it has none, or no metrics yet."""
    found = []
    for name, title, words in shown:
        is_main = name == metrics.get("main_metric")
        interval = metrics.get(_INTERVALS.get(name, "main_interval" if is_main else ""))
        pair = (interval[0], interval[1]) if interval else None
        found.append(Figure(name, title, words, metrics.get(name), pair, is_main))
    return found


def latencies(metrics: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Median, 95th percentile and slowest answer in milliseconds."""
    shown = {"p50": "Median latency", "p95": "95th percentile", "max": "Slowest"}
    found = metrics.get("latency_ms") or {}
    return [(title, found[name]) for name, title in shown.items() if name in found]


def comparison(
    this: Benchmark, others: list[Benchmark], baselines: list[BaselineResult]
) -> tuple[tuple[Column, ...], list[Row]]:
    """The columns, and this benchmark, then the others and the simple methods on the same cases."""
    spec = this.version.spec
    shown = columns(spec, *(row.metrics for row in (this, *others)), *(row.metrics for row in baselines))
    rows = [
        Row(
            title=row.version.tag,
            figures=figures(shown, row.metrics),
            latency_ms=(row.metrics.get("latency_ms") or {}).get("p50"),
            benchmark=row,
            is_this=row is this,
        )
        for row in (this, *others)
    ]
    methods = scorer_of(spec).baselines
    return shown, [*rows, *(Row(methods[row.name].title, figures(shown, row.metrics)) for row in baselines)]


def label_rows(this: Benchmark, reference: Benchmark | None) -> list[dict[str, Any]]:
    """Figures of every label or field, the most frequent first, with the reference's F1 and the change."""
    where, _ = scorer_of(this.version.spec).rows
    theirs = reference.metrics.get(where, {}) if reference else {}
    rows = []
    for name, row in this.metrics.get(where, {}).items():
        before = theirs.get(name, {}).get("f1")
        rows.append({"name": name, **row, "before": before, "change": None if before is None else row["f1"] - before})
    return sorted(rows, key=lambda row: (-row["support"], row["name"]))
