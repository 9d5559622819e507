"""Moves that failed or were lost half-way: going on where the row stands, or back to what was live before."""

import logging
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from deployment.drivers import DriverError, driver_for
from deployment.models import Deployment, DeploymentTarget
from deployment.services.live import MOVING, live_deployment
from deployment.services.moving import TakenOverError, carry_on, lock, take_lease
from labeling.models import Project
from labeling.problems import ProblemError
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = Deployment.State
MAX_ATTEMPTS = 3
# A row whose lease nobody ever took was made by an older release.
LOST_AFTER = timedelta(minutes=10)


def lost_moves() -> QuerySet[Deployment]:
    """Moves under way whose process gave no sign of life for a whole lease."""
    now = timezone.now()
    silent = Q(lease_until__lt=now) | Q(lease_until=None, created_at__lt=now - LOST_AFTER)
    return Deployment.objects.filter(silent, state__in=MOVING)


def resume(deployment_id: int) -> None:
    """Go on with a lost move from the state that its row shows. Returns quietly where another worker is at it."""
    lease = take_lease()
    if not lost_moves().filter(pk=deployment_id).update(attempts=F("attempts") + 1, **lease):
        return
    attempt = Deployment.objects.select_related("project", "version__spec", "version__project", "previous").get(
        pk=deployment_id
    )
    logger.warning("%s was lost at %s; going on", attempt, attempt.state)
    if attempt.attempts > MAX_ATTEMPTS:
        fail_attempt(attempt, "The process that carried out this move was lost again and again.")
        return
    try:
        carry_on(attempt)
    except TakenOverError as error:
        logger.warning("%s: %s", attempt, error)
    except DatabaseError:
        raise  # the lease runs out, and the next sweep tries again
    except (DriverError, OSError, ProblemError) as error:
        fail_attempt(attempt, f"After its process was lost, the move could not be finished: {error}")


def fail_attempt(attempt: Deployment, error: str) -> None:
    """End an attempt that cannot go on: the previous version serves again, in row and alias."""
    with transaction.atomic():
        row = Deployment.objects.select_for_update().get(pk=attempt.pk)
        if row.state not in MOVING or row.lease_token != attempt.lease_token:
            return
        # Noted with the failure itself: whoever dies before the aliases are back leaves work for `lead_back`.
        attempt.targets.exclude(state=DeploymentTarget.State.BEHIND).update(error="The alias is to be led back.")
        Deployment.objects.filter(pk=row.pk).update(
            state=State.FAILED,
            failed_step=row.state,
            error=error,
            ended_at=timezone.now(),
            lease_token=None,
            lease_until=None,
        )
        logger.error("moving %s to %s failed at %s: %s", row.project_id, row.version_id, row.state, error)
        if row.state in (State.MOVED, State.PROVEN):
            _serve_again(row)
    restored = [_restore_alias(attempt.project, target) for target in _to_lead_back().filter(deployment=attempt)]
    said = [sentence for sentence in restored if sentence]
    if said:
        Deployment.objects.filter(pk=attempt.pk).update(error=f"{error.rstrip('. ')}. {' '.join(said)}")


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
    with transaction.atomic():
        lock(project)
        live = live_deployment(project)
        return _restore(project, target, live.version if live else None)


def _restore(project: Project, target: DeploymentTarget, live: ModelVersion | None) -> str:
    staged, server = target.staged, target.server
    if staged is None or not staged.manifest_digest:
        DeploymentTarget.objects.filter(pk=target.pk).update(error="")
        return ""
    driver = driver_for(server)
    try:
        broken = driver.unreadable(project.key)
        if not broken and driver.digest_of(project.key) != staged.manifest_digest:
            DeploymentTarget.objects.filter(pk=target.pk).update(error="")
            return ""
        if live is None:
            if broken:
                driver.move(project.key, staged.tag)  # only what can be read can be removed
            driver.remove(project.key)
            sentence, ok = f"On {server} the alias is removed, as nothing was live before.", True
        elif live.pk == staged.version_id and not broken:
            DeploymentTarget.objects.filter(pk=target.pk).update(error="")
            return ""
        else:
            driver.move(project.key, live.server_tag)
            proof = driver.prove(project.key, live.server_tag)
            sentence, ok = f"On {server} the alias leads to {live} again ({proof.sentence}).", proof.ok
    except DriverError as error:
        sentence, ok = f"On {server} the alias could not be put back: {error}", False
    logger.log(logging.INFO if ok else logging.ERROR, "%s", sentence)
    state = DeploymentTarget.State.BACK if ok else target.state
    DeploymentTarget.objects.filter(pk=target.pk).update(state=state, error="" if ok else sentence, proof=sentence)
    return sentence
