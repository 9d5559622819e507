"""What a person wants of a run that is there: pause, go on, stop and keep the best, cancel.

A run that waits or stands still obeys at once, one at work at its next step: the supervisor hands the order on.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError
from labeling.access import Right, require
from labeling.services import events
from training.keeping import nothing_to_keep
from training.models import TrainingRun
from training.services.counting import take_again
from training.services.sending import send_run, tell_round
from training.services.settling import locked_round, reopen

State, Order = TrainingRun.State, TrainingRun.Order
# Everything of an earlier ending.
_AFRESH: dict[str, Any] = {"error": "", "ending": "", "retry_at": None, "attempts": 0, "finished_at": None}


def cancel_run(actor: Actor, run: TrainingRun) -> TrainingRun:
    """A run that waits or is paused ends at once, one at work at its next step. `ConflictError` where it has ended."""
    require(actor, run.project, Right.OPERATE)
    with transaction.atomic():
        now = timezone.now()
        ended = _set(run, [State.QUEUED, State.PAUSED], state=State.CANCELLED, ordered=Order.CANCEL, finished_at=now)
        if not ended and not _set(run, [State.RUNNING], ordered=Order.CANCEL):
            raise ConflictError(f"This run has already {run.state}; there is nothing to cancel.")
        tell_round(run)
        events.record(actor, "run.cancelled", run, after={"state": run.state})
    return run


def pause_run(actor: Actor, run: TrainingRun) -> TrainingRun:
    """One at work writes a checkpoint at its next step and stands still; one that waits does not start."""
    require(actor, run.project, Right.OPERATE)
    with transaction.atomic():
        if _set(run, [State.QUEUED], ordered__in=["", Order.PAUSE], state=State.PAUSED, ordered=""):
            events.record(actor, "run.paused", run)
        elif _set(run, [State.RUNNING], ordered__in=["", Order.PAUSE], ordered=Order.PAUSE):
            events.record(actor, "run.pause_asked", run)
        else:
            raise ConflictError(f"{_standing(run)}; it cannot be paused.")
    return run


def resume_run(actor: Actor, run: TrainingRun) -> TrainingRun:
    """Go on from the last checkpoint: after a pause, or after a failure once what it needed was done."""
    require(actor, run.project, Right.OPERATE)
    if run.state == State.FAILED and not run.can_go_on:
        raise ConflictError("This run would fail in the same way again. Repeat it, or start one with other options.")
    with transaction.atomic():
        queued = _set(run, [State.PAUSED], state=State.QUEUED, ordered="", **_AFRESH) or _queued_after_failure(
            actor, run
        )
        # One that was to pause and has not yet simply goes on.
        if not queued and not _set(run, [State.RUNNING], ordered__in=[Order.PAUSE], ordered=""):
            raise ConflictError(f"{_standing(run)}; there is nothing to go on with.")
        events.record(actor, "run.resumed", run, after={"state": run.state, "step": run.step})
        if queued:
            send_run(run)
    return run


def keep_best(actor: Actor, run: TrainingRun) -> TrainingRun:
    """End the run now, and make a version of the best that it has by its validation rows, else of its last step."""
    require(actor, run.project, Right.OPERATE)
    if lacking := nothing_to_keep(run):
        raise ConflictError(lacking)
    with transaction.atomic():
        keep: dict[str, Any] = {"ordered": Order.KEEP}
        if not _set(run, [State.RUNNING], ordered__in=["", Order.PAUSE, Order.KEEP], **keep):
            queued = _set(run, [State.PAUSED, State.QUEUED], state=State.QUEUED, **keep, **_AFRESH)
            if not queued and not (run.can_go_on and _queued_after_failure(actor, run, **keep)):
                raise ConflictError(f"{_standing(run)}; it cannot be stopped.")
            send_run(run)
        events.record(actor, "run.stop_asked", run, after={"state": run.state, "step": run.step})
    return run


def _queued_after_failure(actor: Actor, run: TrainingRun, **values: Any) -> bool:
    round = locked_round(run)
    hopeless = TrainingRun.Ending.HOPELESS
    failed = TrainingRun.objects.filter(pk=run.pk, state=State.FAILED).exclude(ending=hopeless)
    if not failed.update(**{"state": State.QUEUED, "ordered": "", **_AFRESH, **values}):
        return False
    take_again(run)
    if round is not None:
        reopen(actor, round)
    run.refresh_from_db()
    return True


def _set(
    run: TrainingRun, states: list[TrainingRun.State], *, ordered__in: list[str] | None = None, **values: Any
) -> bool:
    """Change the run if it is still in one of these states, and under one of these orders."""
    rows = TrainingRun.objects.filter(pk=run.pk, state__in=states)
    if ordered__in is not None:
        rows = rows.filter(ordered__in=ordered__in)
    done = bool(rows.update(**values))
    run.refresh_from_db()
    return done


def _standing(run: TrainingRun) -> str:
    if run.state == State.RUNNING and run.ordered:
        return f"This run has been told to {run.get_ordered_display()}"
    said = {State.QUEUED: "waits already", State.RUNNING: "is at work", State.PAUSED: "is paused already"}
    return f"This run {said.get(State(run.state), f'has {run.state}')}"
