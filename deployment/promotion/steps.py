"""The state table of a move: planned, staged, warmed, moved, proven, live.

One step leads out of each state. A step may be done again without harm, and its new state is written only by the
holder of the row's lease, so that after `kill -9` another worker goes on from where the row stands.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from common import leases
from common.patience import within
from common.problems import ConflictError
from deployment.artifacts.modelfiles import write_modelfile
from deployment.artifacts.verdicts import speaks_for
from deployment.models import Deployment, DeploymentTarget, StagedVersion
from deployment.promotion.attempt import Attempt
from deployment.promotion.on_server import hold, mirror, warm
from deployment.signals import version_promoted
from labeling.models import Project
from labeling.services import events

logger = logging.getLogger(__name__)
State, Target = Deployment.State, DeploymentTarget.State


class TakenOverError(Exception):
    """Another process holds the attempt now, or has ended it."""


@dataclass(frozen=True)
class Step:
    """What leads out of a state. `do` looks or acts, and returns what was seen."""

    after: str
    do: Callable[[Attempt], str]


def carry_on(attempt: Attempt) -> Deployment:
    """Take the steps that are left, holding the attempt's lease. Raises `TakenOverError` and what the steps raise."""
    row = attempt.row
    assert row.lease_token is not None, "a lease is taken first"
    # Loading takes as long as it takes, also where a page asked for the move; the other calls have limits of their own.
    with within(None), leases.heartbeat(Deployment, row.pk, row.lease_token):
        while step := TABLE.get(row.state):
            started = time.perf_counter()
            seen = step.do(attempt)
            _advance(attempt, step, seen, (time.perf_counter() - started) * 1000)
    logger.info("%s of %s: %s is live, moved in %.0f ms", row.action, row.project.key, row.version, row.move_ms)
    version_promoted.send(sender=Deployment, deployment=row)
    return row


def _advance(attempt: Attempt, step: Step, seen: str, milliseconds: float) -> None:
    """Write the new state, if the lease still holds; the switch of the live row is part of the same transaction."""
    row = attempt.row
    entry = {"name": step.after, "at": timezone.now().isoformat(), "ms": round(milliseconds, 2), "seen": seen}
    values: dict[str, Any] = {"state": step.after, "steps": [*row.steps, entry]}
    if step.after == State.LIVE:
        values |= _at_the_end(attempt, values["steps"])
    with transaction.atomic():
        if step.after == State.MOVED:
            lock(row.project)
            _replace(attempt)
        _write(row, values)
        if step.after == State.MOVED:
            _tell(attempt)


def _tell(attempt: Attempt) -> None:
    """The switch itself, told of the version and in the name of who asked, whichever process carries it out."""
    row = attempt.row
    verb = "version.rolled_back" if row.action == Deployment.Action.ROLLBACK else "version.promoted"
    before = {"version": row.previous.uid if row.previous else None}
    events.record(attempt.actor, verb, row.version, before=before, after={"deployment": row.uid})
    for target in attempt.stays:
        if target.staged is not None:
            after = {"deployment": row.uid, "server": target.server.uid}
            events.record(attempt.actor, "version.alias_left", target.staged.version, after=after)


def _at_the_end(attempt: Attempt, steps: list[dict[str, Any]]) -> dict[str, Any]:
    proofs = {target.server.name: target.proof for target in attempt.targets if target.state == Target.PROVEN}
    return {
        "live_at": timezone.now(),
        "move_ms": sum(each["ms"] for each in steps if each["name"] in (State.MOVED, State.PROVEN)),
        "evidence": {**attempt.row.evidence, "proofs": proofs},
        **leases.RELEASED,
    }


def _write(row: Deployment, values: dict[str, Any]) -> None:
    if not _held(row).update(**values):
        raise TakenOverError(f"This attempt is no longer {row.state}: another process took it over.")
    for name, value in values.items():
        setattr(row, name, value)


def _held(row: Deployment) -> Any:
    return Deployment.objects.filter(pk=row.pk, state=row.state, lease_token=row.lease_token)


def _replace(attempt: Attempt) -> None:
    """Inside the switch: what the attempt was decided upon is what it replaces, and the gate's word holds against it.

    A judgment takes minutes, and an attempt that was lost is gone on with later: either may be past by now.
    """
    row = attempt.row
    live = Deployment.objects.live().filter(project=row.project_id)
    replaced = live.filter(version=row.previous_id).update(state=State.REPLACED, ended_at=timezone.now())
    if bool(replaced) != (row.previous_id is not None) or (not replaced and live.exists()):
        raise ConflictError(f"{row.previous or 'nothing'} was live when this was decided, and that has changed")
    if row.automatic and row.action == Deployment.Action.PROMOTE:
        _check_the_word(attempt)


def _check_the_word(attempt: Attempt) -> None:
    """The gate's verdicts as they are now."""
    wanted = [target.staged_id for target in attempt.targets]
    now = StagedVersion.objects.to_ask().in_bulk(wanted)
    for pk in wanted:
        staged = now.get(pk) if pk else None
        if staged is None or not speaks_for(staged, attempt.row.previous):
            raise ConflictError(f"the verdict on {staged} is no longer one against {attempt.row.previous or 'nothing'}")


def lock(project: Project) -> None:
    """Inside a transaction: no switch of the live row, no catching up, no leading back beside this one.

    The weaker lock, so that predictions, which refer to the project, are not held up.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _check_staged(attempt: Attempt) -> str:
    """Every server holds the bytes that were built, and those that cannot serve them what their alias stays with."""
    version = attempt.row.version
    for target in attempt.targets:
        staged = target.staged
        if staged is None or staged.state != StagedVersion.State.STAGED:
            raise ConflictError(f"{version} is not staged on {target.server} any more")
        if staged.uploaded_digest.removeprefix("sha256:") != staged.digest:
            raise ConflictError(f"{staged} holds {staged.uploaded_digest}, not {staged.digest}; stage it again")
    for target in attempt.stays if attempt.row.action == Deployment.Action.PROMOTE else ():
        staged = target.staged if target.server.is_active else None
        if staged is not None and staged.state != StagedVersion.State.STAGED:
            raise ConflictError(f"{staged}, with which the alias stays, is not staged any more")
    if not attempt.targets:
        raise ConflictError("no server of the project answers")
    return f"staged on {', '.join(target.server.name for target in attempt.targets)}"


def _warm(attempt: Attempt) -> str:
    """Load the version everywhere and have it answer, before anybody depends on it."""
    seen = []
    for target in attempt.targets:
        slowest = warm(attempt, target)
        seen.append(f"{target.server.name} answered the canaries in {slowest:.0f} ms at most")
    return "; ".join(seen)


def _switch(attempt: Attempt) -> str:
    """Nothing to do before the row changes: from then on requests go to the new version."""
    return f"requests go to {attempt.row.version.server_tag}"


def _mirror(attempt: Attempt) -> str:
    """Point the alias for outside clients at the version everywhere, and prove it."""
    seen: list[str] = []
    for target in attempt.targets:
        # Who lost the lease must not touch an alias any more: another worker leads it where it belongs. The first time
        # the switch has just looked.
        if seen:
            _check_lease(attempt)
        seen.append(mirror(attempt.row, target, led=target.pk in attempt.led))
    for target in attempt.stays:
        _check_lease(attempt)
        seen.append(hold(attempt.row, target))
    return "; ".join(seen)


def _check_lease(attempt: Attempt) -> None:
    if not _held(attempt.row).exists():
        raise TakenOverError("Another process took this attempt over.")


def _record(attempt: Attempt) -> str:
    return str(write_modelfile(attempt.row.project, attempt.row.modelfile).name)


TABLE: dict[str, Step] = {
    State.PLANNED: Step(State.STAGED, _check_staged),
    State.STAGED: Step(State.WARMED, _warm),
    State.WARMED: Step(State.MOVED, _switch),
    State.MOVED: Step(State.PROVEN, _mirror),
    State.PROVEN: Step(State.LIVE, _record),
}
