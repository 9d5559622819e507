"""What this floor tells as news: how runs end, and that no worker takes them."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from labeling import news
from labeling.models import Event
from training.methods import METHODS
from training.models import TrainingRun
from training.workers import queue_is_alive

_ENDED = {"run.succeeded": "succeeded", "run.failed": "failed", "run.cancelled": "was cancelled"}
# A worker that starts again within this time is not missed.
_PATIENCE = timedelta(minutes=2)
_NAME = "worker:"


def register() -> None:
    """Called once, when the floor is ready."""
    for verb in _ENDED:
        news.register("run_ended", verb, _ended)
    news.register("worker_gone", "worker.gone", _gone)
    news.register("worker_gone", "worker.back", _back)
    news.register_lasting("workers", news.Lasting("worker.gone", "worker.back", runs_without_workers, _details))


def _ended(event: Event) -> news.Told:
    path = reverse("training:run", args=[event.project_key, event.subject_uid])
    return news.Told(f"Training run {news.short(event)} {_ENDED[event.verb]}.", path)


def runs_without_workers() -> news.Found:
    """By each queue of runs, the projects with one that waits for a worker, where none is alive."""
    now = timezone.now()
    waiting = TrainingRun.objects.filter(state=TrainingRun.State.QUEUED, project__archived_at=None)
    waiting = waiting.filter(Q(retry_at=None) | Q(retry_at__lte=now), created_at__lt=now - _PATIENCE)
    found: dict[str, set[int]] = {f"{_NAME}{method.queue}": set() for method in METHODS.values()}
    for run in waiting.only("project_id", "config"):
        found[f"{_NAME}{run.way.queue}"].add(run.project_id)
    for name, ids in found.items():
        if ids and queue_is_alive(name.removeprefix(_NAME)):
            ids.clear()
    return found


def _details(name: str) -> dict[str, Any]:
    return {"queue": name.removeprefix(_NAME)}


def _gone(event: Event) -> news.Told:
    queue = event.after.get("queue", "")
    return news.Told(f"Training waits: no worker of the queue {queue} is alive.", _runs(event))


def _back(event: Event) -> news.Told:
    return news.Told(f"Training waits no more for a worker of the queue {event.after.get('queue', '')}.", _runs(event))


def _runs(event: Event) -> str:
    return reverse("training:runs", args=[event.project_key])
