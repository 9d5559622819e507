"""Put runs and looks that lost their worker back into the queue, and send the messages of runs that were lost."""

import logging
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from common import actor as actors
from common import leases
from common.queue import remind
from labeling.services import events
from training.methods import METHODS
from training.models import BaseModel, TrainingRun, on_queue
from training.services.counting import give_back
from training.services.sending import look_task, remind_of_run, send_run, tell_round
from training.services.supervisor import MAX_ATTEMPTS
from training.workers import queue_is_alive

logger = logging.getLogger(__name__)
State = TrainingRun.State
_REAPER = actors.system("reaper")
SILENT = "Its worker fell silent; the run goes on elsewhere."


def reap() -> int:
    """Requeue or fail every run whose lease ran out; the number of runs touched."""
    touched = sum(_reap(run) for run in leases.silent(TrainingRun, State.RUNNING).select_related("project"))
    _remind()
    for base in leases.silent(BaseModel, BaseModel.State.LOOKING):
        remind(look_task(base), base.pk)
    return touched


def _reap(run: TrainingRun) -> bool:
    """False where its worker, or another reaper, was faster."""
    verb, values = _ending(run)
    with transaction.atomic():
        mine = TrainingRun.objects.filter(pk=run.pk, state=State.RUNNING, lease_token=run.lease_token)
        if not mine.update(**values, **leases.RELEASED):
            return False
        if verb == "run.failed":
            give_back(run)
        tell_round(run)
        events.record(_REAPER, verb, run, before={"state": run.state}, after={"attempts": run.attempts})
        if verb == "run.requeued":
            logger.warning("run %s lost its worker; queued again", run.pk)
            send_run(run)
    return True


def _ending(run: TrainingRun) -> tuple[str, dict[str, Any]]:
    now, order = timezone.now(), TrainingRun.Order
    if run.ordered == order.CANCEL:
        return "run.cancelled", {"state": State.CANCELLED, "finished_at": now}
    if run.ordered == order.PAUSE:
        return "run.paused", {"state": State.PAUSED, "ordered": "", "error": ""}
    if run.attempts >= MAX_ATTEMPTS:
        error = f"Its worker was lost {run.attempts} times. Look at the worker's log, then resume the run."
        ending = {"error": error, "ending": TrainingRun.Ending.PERSON, "ordered": ""}
        return "run.failed", {"state": State.FAILED, "finished_at": now, **ending}
    return "run.requeued", {"state": State.QUEUED, "error": SILENT, "retry_at": None}


def _remind() -> None:
    """Send the message of the oldest waiting run of each queue again where its worker lives and nothing runs there."""
    for queue in sorted({way.queue for way in METHODS.values()}):
        runs = TrainingRun.objects.filter(on_queue(queue))
        if not queue_is_alive(queue) or runs.filter(state=State.RUNNING).exists():
            continue
        due = Q(retry_at=None) | Q(retry_at__lte=Now())
        waiting = runs.filter(due, state=State.QUEUED).order_by("pk").first()
        if waiting is not None:
            remind_of_run(waiting)
