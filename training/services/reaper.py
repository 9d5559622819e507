"""Put runs that lost their worker back into the queue, and tell the workers of runs whose message was lost."""

import logging

from django.utils import timezone

from labeling import leases
from training.models import TrainingRun
from training.services.runs import enqueue
from training.services.supervisor import MAX_ATTEMPTS
from training.workers import queue_is_alive

logger = logging.getLogger(__name__)
State = TrainingRun.State


def reap() -> int:
    """Requeue or fail every run whose lease ran out; the number of runs touched."""
    touched = 0
    for run in leases.silent(TrainingRun, State.RUNNING).values("pk", "attempts", "lease_token", "cancel_requested"):
        mine = TrainingRun.objects.filter(pk=run["pk"], state=State.RUNNING, lease_token=run["lease_token"])
        cleared = {"lease_token": None, "lease_until": None}
        if run["cancel_requested"]:
            touched += mine.update(state=State.CANCELLED, finished_at=timezone.now(), **cleared)
        elif run["attempts"] >= MAX_ATTEMPTS:
            error = f"Its worker was lost {run['attempts']} times. Look at the worker's log, then repeat the run."
            touched += mine.update(state=State.FAILED, finished_at=timezone.now(), error=error, **cleared)
        elif mine.update(state=State.QUEUED, error="Its worker fell silent; the run goes on elsewhere.", **cleared):
            logger.warning("run %s lost its worker; queued again", run["pk"])
            enqueue(run["pk"])
            touched += 1
    _remind()
    return touched


def _remind() -> None:
    """Send the message of the oldest waiting run again where a GPU worker lives and nothing runs."""
    if not queue_is_alive("gpu") or TrainingRun.objects.filter(state=State.RUNNING).exists():
        return
    waiting = TrainingRun.objects.filter(state=State.QUEUED).order_by("pk").values_list("pk", flat=True).first()
    if waiting is not None:
        enqueue(waiting)
