"""Supervise one training: claim the run, have the engine train, publish what it made.

After a `kill -9`, or an end of the engine from outside, the run goes on from its last checkpoint. What may pass by
itself is tried again later, what needs a person waits for one, what would come again has failed.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from common import actor as actors
from common import leases
from common.problems import ProblemError
from labeling.services import events
from training.engine.errors import Exit
from training.engine.rundir import RunDir
from training.models import RunEvent, TrainingRun
from training.services.bases import obtain_base
from training.services.counting import give_back
from training.services.engine_process import Ending, log_tail, run_engine
from training.services.folders import prepare_folder
from training.services.sending import send_run, tell_round
from training.services.versions import publish_version, result_of

logger = logging.getLogger(__name__)
State, Order, Kind = TrainingRun.State, TrainingRun.Order, TrainingRun.Ending

_SUPERVISOR = actors.system("training")
MAX_ATTEMPTS = 5
# What may pass by itself is tried again after these; the last one is for all that follow.
BACK_OFF = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)]
_OUTSIDE: dict[int, str] = {
    Exit.PAUSED: "The engine was asked to pause; the run goes on from its checkpoint.",
    Exit.LOCKED: "Another engine holds the run's folder.",
    Exit.ORPHANED: "The engine lost its supervisor.",
}


def execute(run_id: int) -> None:
    """Claim the run, train, publish. Returns quietly where another worker holds it, it has ended, or is not due yet."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    token = _claim(run_id, worker)
    if token is None:
        return
    run = TrainingRun.objects.select_related("snapshot", "project", "base").get(pk=run_id)
    if run.started_at is None:
        with transaction.atomic():
            leases.renew(TrainingRun, run_id, token, started_at=timezone.now())
            events.record(_SUPERVISOR, "run.started", run, after={"attempts": run.attempts})
    logger.info("run %s of %s: attempt %s on %s", run.pk, run.project.key, run.attempts, worker)
    try:
        _train(run, token)
    except leases.LeaseLostError:
        logger.warning("run %s: the lease went to another worker; this one stops", run_id)
    except (OSError, subprocess.SubprocessError) as error:
        _retry(run, token, f"The run's folder or the engine cannot be used: {error}")
    except (OperationalError, InterfaceError):
        raise  # nothing can be said of the run now: its lease runs out, and another worker goes on
    except Exception as error:  # else the run would be taken up again and again, and say that its worker was lost
        logger.exception("run %s: the worker failed", run_id)
        words = f"The worker failed: {type(error).__name__}: {error}. See its log, then resume the run."
        _fail(run, token, words, Kind.PERSON)


def _train(run: TrainingRun, token: uuid.UUID) -> None:
    with leases.heartbeat(TrainingRun, run.pk, token):
        folder, problem, passing = _prepared(run)
    if folder is not None:
        _conclude(run, token, folder, run_engine(run, token, folder))
    elif passing:
        _retry(run, token, problem)
    else:
        _fail(run, token, problem, Kind.PERSON)


def _prepared(run: TrainingRun) -> tuple[Path | None, str, bool]:
    """The run's folder; else why there is none, and whether that may pass by itself."""
    try:
        obtain_base(run.base)
    except ProblemError as error:
        return None, str(error), True
    try:
        return prepare_folder(run), "", False
    except ProblemError as error:
        return None, str(error), False


def _claim(run_id: int, worker: str) -> uuid.UUID | None:
    due = Q(retry_at=None) | Q(retry_at__lte=Now())
    free = (Q(state=State.QUEUED) & due) | (Q(state=State.RUNNING) & leases.expired())
    begun: dict[str, Any] = {"state": State.RUNNING, "worker": worker, "retry_at": None, "ending": ""}
    return leases.take(TrainingRun.objects.filter(free, pk=run_id), **begun)


def _conclude(run: TrainingRun, token: uuid.UUID, folder: Path, ending: Ending) -> None:
    code = ending.code
    run.refresh_from_db(fields=["attempts", "ordered"])
    if code == Exit.OK and RunDir(folder).complete:
        manifest = json.loads(RunDir(folder).manifest.read_text(encoding="utf-8"))
        run.result = result_of(manifest)
        leases.renew(TrainingRun, run.pk, token, metrics=manifest.get("metrics", {}), result=run.result)
        if run.round_id is None:  # else the round chooses whose version is made
            publish_version(run)
        _finish(run, token, "run.succeeded", state=State.SUCCEEDED, finished_at=timezone.now(), error="", ending="")
        logger.info("run %s of %s succeeded", run.pk, run.project.key)
    elif code == Exit.CANCELLED or run.ordered == Order.CANCEL:
        _finish(run, token, "run.cancelled", state=State.CANCELLED, finished_at=timezone.now())
    elif code in _OUTSIDE or code < 0:
        _ended_from_outside(run, token, ending)
    elif code == Exit.TRANSIENT:
        _retry(run, token, _words(run, folder, code))
    else:
        _fail(run, token, _words(run, folder, code), Kind.PERSON if code == Exit.PERSON else Kind.HOPELESS)


def _words(run: TrainingRun, folder: Path, code: int) -> str:
    """What the engine itself gave as the reason, as its last word; else what its log says last."""
    last = RunEvent.objects.filter(run=run).order_by("-seq").first()
    said = str(last.payload.get("error", "")) if last is not None and last.kind == "failed" else ""
    return said or log_tail(folder, 15) or f"The engine ended with code {code}, without a log."


def _ended_from_outside(run: TrainingRun, token: uuid.UUID, ending: Ending) -> None:
    """Where it was to pause it stands still; else it is queued, and goes on from its last checkpoint."""
    why = ending.why or _OUTSIDE.get(ending.code, f"The engine was killed by signal {-ending.code}.")
    if ending.code == -signal.SIGKILL and not ending.why:
        why += " A host that is out of memory does that."
    # Ended in order, with a checkpoint: that is no attempt that failed.
    tries = {"attempts": Greatest(F("attempts") - 1, 0)} if ending.code == Exit.PAUSED else {}
    if run.ordered == Order.PAUSE:
        _finish(run, token, "run.paused", state=State.PAUSED, ordered="", error="", **tries)
        logger.info("run %s of %s is paused", run.pk, run.project.key)
    elif run.attempts >= MAX_ATTEMPTS and ending.code != Exit.PAUSED:
        _fail(
            run, token, f"{why} Given up after {run.attempts} attempts; see the log, then resume the run.", Kind.PERSON
        )
    else:
        _finish(run, token, "run.requeued", state=State.QUEUED, error=why, retry_at=None, **tries)
        logger.warning("run %s: %s Queued again.", run.pk, why)
        send_run(run)


def _retry(run: TrainingRun, token: uuid.UUID, why: str) -> None:
    """Later, by itself; a person is asked once that was tried often enough."""
    run.refresh_from_db(fields=["attempts"])
    if run.attempts >= MAX_ATTEMPTS:
        _fail(run, token, f"{why}\nTried {run.attempts} times. Mend it, then resume the run.", Kind.PERSON)
        return
    wait = BACK_OFF[min(max(run.attempts, 1), len(BACK_OFF)) - 1]
    logger.warning("run %s: %s Tried again in %s.", run.pk, why, wait)
    at = timezone.now() + wait
    _finish(run, token, "run.requeued", state=State.QUEUED, error=why, ending=Kind.TRANSIENT, retry_at=at)


def _fail(run: TrainingRun, token: uuid.UUID, error: str, ending: TrainingRun.Ending) -> None:
    logger.error("run %s of %s failed: %s", run.pk, run.project.key, error.splitlines()[-1])
    values = {"finished_at": timezone.now(), "error": error, "ending": ending, "ordered": ""}
    _finish(run, token, "run.failed", state=State.FAILED, **values)


def _finish(run: TrainingRun, token: uuid.UUID, verb: str, *, state: str, **values: Any) -> None:
    with transaction.atomic():
        leases.finish(TrainingRun, run.pk, token, state=state, **values)
        if state == State.FAILED:
            give_back(run)
        tell_round(run)
        events.record(_SUPERVISOR, verb, run, before={"state": run.state}, after={"state": state})
