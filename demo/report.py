"""The demo's figures: a table for people, `report.json` for machines."""

from pathlib import Path
from typing import Any

from common import files
from demo.setup import World
from deployment.files import file_of
from deployment.live import live_version
from deployment.models import StagedVersion
from evaluation.models import BaselineResult, Benchmark, Suite
from evaluation.scorers import scorer_of
from labeling.models import Project
from training.candidates import sentence
from training.models import ModelVersion, RetrainPolicy, TrainingRun
from training.services.settling import verdict_on

FIGURES = ("cases", "psr", "fcr", "f1_micro", "f1_macro_v2", "exact")
SIMPLE = ("f1_micro", "main_interval", "f1_macro_v2", "exact")
FREE_FIGURES = ("cases", "psr", "fcr", "f1_micro")


def collect(world: World) -> dict[str, Any]:
    """Everything that the demo measured, as one JSON object."""
    suite_baselines = BaselineResult.objects.filter(suite__project=world.project).order_by("pk")
    first = suite_baselines.first()
    baselines = {
        row.name: {name: row.metrics[name] for name in SIMPLE}
        for row in suite_baselines
        if first is not None and row.snapshot_id == first.snapshot_id
    }
    versions = ModelVersion.objects.filter(project=world.project).order_by("number")
    return {
        "base": world.base.name,
        "versions": [_version(world, version) for version in versions],
        "baselines": baselines,
        "methods": methods(world.project),
        "swap": world.report.get("swap", {}),
        "steps": world.show.steps,
    }


def methods(project: Project) -> dict[str, Any]:
    """How the methods stand to each other that learnt from the first run's snapshot; a version of each was judged."""
    done = TrainingRun.objects.filter(project=project, state=TrainingRun.State.SUCCEEDED).order_by("pk")
    first = done.select_related("snapshot").first()
    if first is None:
        return {}
    by_method = {run.method: run for run in done.filter(snapshot=first.snapshot).select_related("project", "base")}
    verdict = verdict_on(project, list(by_method.values()), RetrainPolicy.objects.get(project=project).margin)
    known = {key: run["answer_ms"] for key, run in verdict["runs"].items() if run["answer_ms"] is not None}
    return {"sentence": sentence(verdict, known), **verdict} if len(by_method) > 1 else {}


def _version(world: World, version: ModelVersion) -> dict[str, Any]:
    staged = StagedVersion.objects.filter(version=version).first()
    served, free = (
        Benchmark.objects.filter(
            version=version, decoding=decoding, state=Benchmark.State.SUCCEEDED, suite__role=Suite.Role.GATE
        ).first()
        for decoding in Benchmark.Decoding.values
    )
    live = live_version(world.project)
    return {
        "tag": version.tag,
        "method": version.method,
        **{name: served.metrics[name] if served else None for name in (*FIGURES, "main_interval")},
        "latency_ms": served.metrics["latency_ms"] if served else None,
        "free": {name: free.metrics[name] for name in FREE_FIGURES} if free else None,
        "verdict": staged.verdict if staged else "",
        "sentence": staged.verdict_sentence if staged else "",
        "state": "live" if live == version else (staged.state if staged else file_of(version).state),
    }


def write(folder: Path, report: dict[str, Any]) -> Path:
    """Write `report.json` in one step."""
    path = folder / "report.json"
    files.write_json(path, report)
    return path


def show(world: World, report: dict[str, Any], base_url: str) -> None:
    """The closing tables: versions, simple methods, where to look, who may log in."""
    rows = [
        [
            row["tag"].rpartition(":")[2],
            row["method"],
            *(_number(row[name]) for name in FIGURES),
            _free(row["free"]),
            row["verdict"],
            row["state"],
        ]
        for row in report["versions"]
    ]
    world.show.console.print()
    columns = ["", "method", "cases", "PSR", "FCR", "micro F1", "macro F1", "exact", "free PSR F1", "verdict", "state"]
    world.show.table(f"Versions of {world.project.key} on the frozen test split, as served", columns, rows)
    trained = next((row for row in report["versions"] if row["tag"].endswith(":v1")), None)
    for row in report["versions"]:
        if row["f1_micro"] is not None:
            world.show.say(f"{row['tag']}: micro-F1 {row['f1_micro']:.3f} ({_interval(row['main_interval'])})")
    titles = scorer_of(world.project.spec).baselines
    for name, figures in report["baselines"].items():
        if trained and trained["f1_micro"] is not None:
            gap = trained["f1_micro"] - figures["f1_micro"]
            word = "above" if gap > 0 else "below"
            found = f"micro-F1 {figures['f1_micro']:.3f} ({_interval(figures['main_interval'])})"
            world.show.say(f"{titles[name].title}: {found}; v1 is {abs(gap):.3f} {word} it")
    if report["methods"]:
        world.show.say(report["methods"]["sentence"])
    key = world.project.key
    world.show.table(
        "Where to look",
        ["page", "address"],
        [
            ["Review", f"{base_url}/projects/{key}/review/"],
            ["Analyze", f"{base_url}/projects/{key}/analyze/"],
            ["Deployments", f"{base_url}/projects/{key}/deployments/"],
            ["Admin", f"{base_url}/admin/"],
            ["API", f"{base_url}/api/v1/docs"],
            *([f"log in as {name}", f"password {password}"] for name, password in world.passwords.items()),
        ],
    )


def _interval(ends: list[float]) -> str:
    return " to ".join(f"{end:.3f}" for end in ends)


def _number(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _free(figures: dict[str, Any] | None) -> str:
    return f"{figures['psr']:.2f} {figures['f1_micro']:.3f}" if figures else "-"
