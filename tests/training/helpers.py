"""Rows of the training floor, made the way the services make them."""

from pathlib import Path
from typing import Any

from django.utils import timezone

from labeling.models import GoldenSample, Project
from labeling.services import decide_known
from tests.factories import SYSTEM, TAGS, make_sample
from training.models import BaseModel, RetrainPolicy, RunEvent, TrainingProfile, TrainingRun, WorkerHeartbeat
from training.services import register_base, start_run


def make_golden(project: Project, count: int = 1, split: str = "train") -> list[GoldenSample]:
    """Approved answers, each for a text of its own; the labels take turns."""
    samples = [make_sample(project, split=split) for _ in range(count)]
    for number, sample in enumerate(samples):
        decide_known(SYSTEM, sample, {"labels": [TAGS[number % len(TAGS)]]})
    return [GoldenSample.objects.current().get(sample=sample) for sample in samples]


def make_base(location: Path | str = "org/some-model", revision: str = "r1") -> BaseModel:
    return register_base(SYSTEM, "some-base", str(location), revision)


def make_policy(project: Project, threshold: int = 3, base: BaseModel | None = None, **options: Any) -> RetrainPolicy:
    """A policy with a profile of its own; `options` are keys of the engine's configuration."""
    profile = TrainingProfile.objects.create(name=f"profile-{project.key}", config=options or {"max_steps": 2})
    return RetrainPolicy.objects.create(
        project=project, threshold=threshold, profile=profile, base=base or make_base(), enabled=True
    )


def make_run(project: Project, state: str = TrainingRun.State.QUEUED, **fields: Any) -> TrainingRun:
    """A run on a snapshot of what is golden now."""
    if not GoldenSample.objects.trainable().filter(project=project).exists():
        make_golden(project, 2)
    run = start_run(
        SYSTEM,
        project,
        trigger=TrainingRun.Trigger.MANUAL,
        base=make_base(),
        overrides={"max_steps": 10},
        again=True,
    )
    TrainingRun.objects.filter(pk=run.pk).update(state=state, **fields)
    run.refresh_from_db()
    return run


def add_events(run: TrainingRun, steps: int, evaluate_at: int | None = None) -> None:
    """The events of a run up to `steps`."""
    rows = [("started", {}), *[("step", {"step": n, "loss": 3 / n, "total_steps": 10}) for n in range(1, steps + 1)]]
    if evaluate_at is not None:
        rows.append(("evaluation", {"step": evaluate_at, "eval_loss": 1.25, "figure": 0.5}))
    RunEvent.objects.bulk_create(
        RunEvent(run=run, seq=seq, kind=kind, payload=payload, at=timezone.now())
        for seq, (kind, payload) in enumerate(rows, start=1)
    )


def gpu_worker_lives() -> None:
    WorkerHeartbeat.objects.update_or_create(worker="gpu@host", queue="gpu", defaults={"seen_at": timezone.now()})
