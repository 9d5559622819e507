"""Figures of benchmarks as pages and the admin show them: names, order, intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.models import BaselineResult, Benchmark
from labeling.kinds import TEXT

# Name in `metrics`, title, what it says.
Column = tuple[str, str, str]
_READ: tuple[Column, ...] = (
    ("psr", "PSR", "Parsing success rate: answers that could be read, as they were or repaired"),
    ("fcr", "FCR", "Format correction rate: answers that had to be repaired"),
)
_LABELS: tuple[Column, ...] = (
    ("f1_micro", "Micro-F1", "Over all labels of all cases"),
    ("f1_macro", "Macro-F1", "Mean of the labels' F1"),
    ("precision_micro", "Precision", "Of the labels given, the share that is right"),
    ("recall_micro", "Recall", "Of the right labels, the share that was given"),
)
_TEXTS: tuple[Column, ...] = (
    ("token_f1", "Token F1", "Words in common, mean over cases"),
    ("bleu", "BLEU", "Of the whole set, 0 to 100"),
    ("rouge_l", "ROUGE-L", "Longest common sequence, mean over cases"),
)
_EXACT: tuple[Column, ...] = (("exact", "Exact", "Answers that are right as a whole"),)
_INTERVALS = {"psr": "psr_interval", "exact": "exact_interval"}


@dataclass(frozen=True)
class Figure:
    """One figure with its title, and its 95 % interval where it is a plain rate."""

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


def columns(kind: str) -> tuple[Column, ...]:
    """The figures that a kind has, in the order in which they are shown."""
    return (*_READ, *(_TEXTS if kind == TEXT else _LABELS), *_EXACT)


def figures(kind: str, metrics: Mapping[str, Any]) -> list[Figure]:
    """The figures of one benchmark or baseline; a value is None where there are no metrics yet."""
    found = []
    for name, title, words in columns(kind):
        interval = metrics.get(_INTERVALS.get(name, ""))
        pair = (interval[0], interval[1]) if interval else None
        found.append(Figure(name, title, words, metrics.get(name), pair, name == metrics.get("main_metric")))
    return found


def latencies(metrics: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Median, 95th percentile and slowest answer in milliseconds."""
    shown = {"p50": "Median latency", "p95": "95th percentile", "max": "Slowest"}
    found = metrics.get("latency_ms") or {}
    return [(title, found[name]) for name, title in shown.items() if name in found]


def comparison(this: Benchmark, others: list[Benchmark], baselines: list[BaselineResult]) -> list[Row]:
    """This benchmark, then the others and the simple methods on the same cases."""
    kind = this.version.spec.kind
    rows = [
        Row(
            title=row.version.tag,
            figures=figures(kind, row.metrics),
            latency_ms=(row.metrics.get("latency_ms") or {}).get("p50"),
            benchmark=row,
            is_this=row is this,
        )
        for row in (this, *others)
    ]
    titles = {"constant": "Best constant answer", "tfidf_logreg": "TF-IDF with logistic regression"}
    return [*rows, *(Row(titles.get(row.name, row.name), figures(kind, row.metrics)) for row in baselines)]


def label_rows(this: Benchmark, reference: Benchmark | None) -> list[dict[str, Any]]:
    """Figures of every label, the most frequent first, with the reference's F1 and the change."""
    theirs = reference.metrics.get("labels", {}) if reference else {}
    rows = []
    for name, row in this.metrics.get("labels", {}).items():
        before = theirs.get(name, {}).get("f1")
        rows.append({"name": name, **row, "before": before, "change": None if before is None else row["f1"] - before})
    return sorted(rows, key=lambda row: (-row["support"], row["name"]))
