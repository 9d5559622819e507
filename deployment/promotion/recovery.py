"""Moves that failed or were lost half-way: going on where the row stands, or back to what was live before."""

import logging
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common import actor as actors
from common import leases
from common.patience import within
from common.problems import ProblemError
from deployment.live import alias_on, led_last, live_deployment
from deployment.models import Deployment, DeploymentTarget, StagedVersion
from deployment.promotion.attempt import Attempt
from deployment.promotion.steps import TakenOverError, carry_on, lock
from deployment.servers.availability import unavailable
from deployment.servers.drivers import DriverError, driver_for
from labeling.models import Project
from labeling.services import events

logger = logging.getLogger(__name__)
State = Deployment.State
_RECOVERY = actors.system("recovery")
# The first try counts.
MAX_ATTEMPTS = 4
# A row whose lease nobody ever took was made by an older release.
LOST_AFTER = timedelta(minutes=10)
# A rollback does not wait for a whole lease: so long, in seconds, the holder of another move may be silent.
SILENCE = 10.0
# What leading an alias back on one server may take.
_BACK_SECONDS = 15.0


def lost_moves() -> QuerySet[Deployment]:
    """Moves under way whose process gave no sign of life for a whole lease."""
    never_taken = Q(lease_until=None, created_at__lt=timezone.now() - LOST_AFTER)
    return Deployment.objects.moving().filter(leases.expired() | never_taken)


def resume(deployment_id: int) -> None:
    """Go on with a lost move from the state that its row shows. Returns quietly where another worker is at it."""
    if leases.take(lost_moves().filter(pk=deployment_id)) is None:
        return
    attempt = Deployment.objects.to_show().get(pk=deployment_id)
    logger.warning("%s was lost at %s; going on", attempt, attempt.state)
    if attempt.attempts > MAX_ATTEMPTS:
        fail_attempt(attempt, "The process that carried out this move was lost again and again.")
        return
    try:
        carry_on(Attempt.of(attempt))
    except TakenOverError as error:
        logger.warning("%s: %s", attempt, error)
    except DatabaseError:
        raise  # the lease runs out, and the next sweep tries again
    except (DriverError, OSError, ProblemError) as error:
        fail_attempt(attempt, f"After its process was lost, the move could not be finished: {error}")


def take_over_silent(project: Project, by: str) -> bool:
    """End the project's move under way where its holder gave no sign of life for `SILENCE`; True where one was ended.

    What was live before it serves again, and its holder, should it wake, writes nothing any more.
    """
    silent = Deployment.objects.moving().filter(leases.silent_for(SILENCE), project=project)
    held = silent.first()
    if held is None or leases.take(silent.filter(pk=held.pk)) is None:
        return False
    fail_attempt(Deployment.objects.to_show().get(pk=held.pk), f"Its process fell silent, and {by} took its place.")
    return True


def fail_attempt(attempt: Deployment, error: str) -> None:
    """End an attempt that cannot go on: the previous version serves again, in row and alias."""
    with transaction.atomic():
        row = Deployment.objects.select_for_update().get(pk=attempt.pk)
        if not row.is_moving or row.lease_token != attempt.lease_token:
            return
        # Noted with the failure itself: whoever dies before the aliases are back leaves work for `lead_back`.
        untouched = [DeploymentTarget.State.BEHIND]
        if row.state not in (State.MOVED, State.PROVEN):
            untouched.append(DeploymentTarget.State.STAYS)
        attempt.targets.exclude(state__in=untouched).update(error="The alias is to be led back.")
        Deployment.objects.filter(pk=row.pk).update(
            state=State.FAILED,
            failed_step=row.state,
            error=error,
            ended_at=timezone.now(),
            **leases.RELEASED,
        )
        before = {"state": row.state, "version": row.previous.uid if row.previous else None}
        events.record(_RECOVERY, "move.failed", row, before=before, after={"state": State.FAILED})
        logger.error("moving %s to %s failed at %s: %s", row.project_id, row.version_id, row.state, error)
        if row.state in (State.MOVED, State.PROVEN):
            _serve_again(row)
    restored = [_restore_alias(attempt.project, target) for target in _to_lead_back().filter(deployment=attempt)]
    said = [sentence for sentence in restored if sentence]
    if said:
        with transaction.atomic():
            Deployment.objects.filter(pk=attempt.pk).update(error=f"{error.rstrip('. ')}. {' '.join(said)}")
            events.record(_RECOVERY, "move.led_back", attempt, after={"servers": len(said)})


def _serve_again(failed: Deployment) -> None:
    """The row that the failed move replaced is the live one again."""
    before = Deployment.objects.filter(
        project_id=failed.project_id, version_id=failed.previous_id, state=State.REPLACED
    ).first()
    if before:
        Deployment.objects.filter(pk=before.pk).update(state=State.LIVE, ended_at=None)


def lead_back() -> int:
    """Beat: aliases that could not be put back because their server was away; the number of those still to do.

    A failed move is ours to undo, unlike what a person did.
    """
    for target in _to_lead_back():
        _restore_alias(target.deployment.project, target)
    return _to_lead_back().count()


def _to_lead_back() -> QuerySet[DeploymentTarget]:
    rows = DeploymentTarget.objects.filter(deployment__state=State.FAILED, server__is_active=True).exclude(error="")
    rows = rows.exclude(state=DeploymentTarget.State.BEHIND)
    return rows.select_related("deployment__project", "server", "staged").order_by("id")


def _restore_alias(project: Project, target: DeploymentTarget) -> str:
    """Where the alias leads to the failed version, or is broken, lead it back and prove it; what was seen."""
    with transaction.atomic(), within(_BACK_SECONDS):
        lock(project)
        live = live_deployment(project)
        wanted = alias_on(target.server, live) if live else None
        gone = led_last(target.server, live.project_id) if live and wanted is None else None
        return _restore(project, target, wanted, gone)


def _restore(
    project: Project, target: DeploymentTarget, wanted: StagedVersion | None, gone: StagedVersion | None
) -> str:
    """`wanted`: what the alias is to lead to there; None where it is to have none, or where that is `gone`."""
    staged, server = target.staged, target.server
    stayed = wanted is not None and wanted == staged and unavailable(server)  # led nowhere: nothing to ask for
    if staged is None or not staged.manifest_digest or stayed:
        DeploymentTarget.objects.filter(pk=target.pk).update(error="")
        return ""
    driver = driver_for(server)
    try:
        broken = driver.unreadable(project.key)
        if not broken and driver.digest_of(project.key) != staged.manifest_digest:
            DeploymentTarget.objects.filter(pk=target.pk).update(error="")
            return ""
        if gone is not None:
            sentence = f"On {server} the alias is left with {staged.version}: {gone.version} is removed there."
            logger.error("%s", sentence)
            DeploymentTarget.objects.filter(pk=target.pk).update(error="", proof=sentence)
            return sentence
        if wanted is None:
            if broken:
                driver.move(project.key, staged.tag)  # only what can be read can be removed
            driver.remove(project.key)
            sentence, ok = f"On {server} the alias is removed, as there was none before.", True
        elif wanted.pk == staged.pk and not broken:
            DeploymentTarget.objects.filter(pk=target.pk).update(error="")
            return ""
        else:
            driver.move(project.key, wanted.tag)
            proof = driver.prove(project.key, wanted.tag)
            sentence, ok = f"On {server} the alias leads to {wanted.version} again ({proof.sentence}).", proof.ok
    except DriverError as error:
        sentence, ok = f"On {server} the alias could not be put back: {error}", False
    logger.log(logging.INFO if ok else logging.ERROR, "%s", sentence)
    state = DeploymentTarget.State.BACK if ok else target.state
    DeploymentTarget.objects.filter(pk=target.pk).update(state=state, error="" if ok else sentence, proof=sentence)
    return sentence
