"""What is said of a version beside the simple methods on the same cases: its neighbours."""

from collections.abc import Sequence
from typing import Any

from evaluation.models import BaselineResult, Benchmark
from evaluation.scorers import scorer_of
from labeling.services.vectors.texts import encoder_problem

JUDGE_AGAIN = "A sentence encoder is there since these cases were judged. Judge again to see what it gives."


def below_best(benchmark: Benchmark, baselines: Sequence[BaselineResult]) -> str:
    """The first line on a version that a simple method beats; empty where none does on the same cases."""
    metrics = benchmark.metrics
    same = [row for row in baselines if "main" in row.metrics and _are_alike(row.metrics, metrics)]
    if not same or "main" not in metrics:
        return ""
    best = max(same, key=lambda row: float(row.metrics["main"]))
    if best.metrics["main"] <= metrics["main"]:
        return ""
    scorer = scorer_of(benchmark.version.spec)
    overlap = "; the intervals overlap" if _overlap(metrics, best.metrics) else ""
    return (
        f"{benchmark.version.tag} is below a simple method: {scorer.title} {_figure(metrics)}, where "
        f"“{scorer.baselines[best.name].title}” has {_figure(best.metrics)}{overlap}."
    )


def told(benchmark: Benchmark, baselines: Sequence[BaselineResult]) -> list[dict[str, Any]]:
    """Name, title, judged figure and interval of each, the best first; after them those of another definition."""
    judged, methods = benchmark.metrics.get("main_metric"), scorer_of(benchmark.version.spec).baselines
    rows = [
        {
            "name": row.name,
            "title": methods[row.name].title,
            "main": row.metrics.get("main"),
            "main_metric": row.metrics.get("main_metric"),
            "main_interval": row.metrics.get("main_interval"),
        }
        for row in baselines
    ]
    return sorted(rows, key=lambda row: (row["main_metric"] != judged, -(row["main"] or 0.0)))


def encoder_line(benchmark: Benchmark, baselines: Sequence[BaselineResult]) -> str:
    """Which encoder the methods' figures hang on and what it could not read; else how to get one."""
    if not any(each.encoder for each in scorer_of(benchmark.version.spec).baselines.values()):
        return ""
    used = next((row.metrics["encoder"] for row in baselines if row.metrics.get("encoder")), None)
    if used is None:
        return encoder_problem() or JUDGE_AGAIN
    return " ".join(_said_of(used))


def _said_of(told: dict[str, Any]) -> list[str]:
    languages = f"{told['languages']} alone" if told.get("languages") else "its languages are not known here"
    said = [
        f"The sentence encoder is {told['name']}: {languages}, {told['limit']} tokens of a text; "
        f"{told['cut']} of {told['texts']} texts were longer and cut."
    ]
    if told["unknown"]:
        said.append(f"{told['unknown']} are mostly in characters that it does not know.")
    if told.get("untaught"):
        untaught = ", ".join(told["untaught"])
        said.append(f"No golden sample has {untaught}: known from their descriptions, or not at all.")
    return said


def _are_alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """As many cases, judged by the same figure."""
    return all(one.get(name) == other.get(name) for name in ("cases", "main_metric"))


def _figure(metrics: dict[str, Any]) -> str:
    ends = metrics.get("main_interval")
    return f"{metrics['main']:.3f}" + (f" ({ends[0]:.3f} to {ends[1]:.3f})" if ends else "")


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    ours, theirs = one.get("main_interval"), other.get("main_interval")
    return bool(ours and theirs and ours[1] >= theirs[0])
