"""A server that was away while others moved, or joins: it gets the live version before it takes requests again."""

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from common.actor import system
from common.problems import ProblemError
from deployment.artifacts.staging import request_staging
from deployment.models import Deployment, DeploymentTarget, ServingPolicy, StagedVersion
from deployment.promotion.attempt import Attempt, canary_seconds
from deployment.promotion.joining import join
from deployment.promotion.on_server import hold, is_to_be_led, mirror, warm
from deployment.promotion.steps import lock
from deployment.servers.availability import unavailable
from deployment.servers.drivers import DriverError, driver_for

logger = logging.getLogger(__name__)
State = DeploymentTarget.State


def catch_up() -> int:
    """Beat: bring every server that is behind to its project's live version, or its alias to what it stays with.

    One that joined and cannot serve what is live is among the latter. The number that came up.
    """
    for live in Deployment.objects.live().filter(project__archived_at=None).to_show():
        _join(live)
    ours = ServingPolicy.objects.filter(project=OuterRef("deployment__project"), servers=OuterRef("server"))
    unseen = Q(Exists(ours), state=State.STAYS) & ~Q(error="")
    behind = DeploymentTarget.objects.filter(
        Q(state=State.BEHIND) | unseen, deployment__state=Deployment.State.LIVE, server__is_active=True
    ).select_related(
        "server", "deployment__project", "deployment__version__project", "deployment__version__spec",
        "staged__server", "staged__version__project",
    )  # fmt: skip
    rows = [row for row in behind if not unavailable(row.server)]
    return sum(_lead(row) if row.state == State.STAYS else _catch_up(row) for row in rows)


def _join(live: Deployment) -> None:
    try:
        join(live)
    except Exception:  # whatever is wrong with one project: the others' servers catch up
        logger.exception("what joined %s could not be looked at; the next round tries again", live.project)


def _lead(row: DeploymentTarget) -> bool:
    """The alias on a server that was away when something went live that it cannot serve."""
    if row.staged is None:
        return False
    try:
        if is_to_be_led(row, row.staged):
            # Loading may take minutes: not under the lock, which every other move of the project waits for.
            driver_for(row.server).load(row.staged.tag)
    except DriverError as error:
        DeploymentTarget.objects.filter(pk=row.pk).update(error=str(error))
        return False
    with transaction.atomic():
        lock(row.deployment.project)
        if not Deployment.objects.live().filter(pk=row.deployment_id).exists():
            return False
        logger.info("%s", hold(row.deployment, row))
    return not row.error


def _catch_up(row: DeploymentTarget) -> bool:
    attempt = row.deployment
    staged = StagedVersion.objects.filter(
        version=attempt.version, server=row.server, state=StagedVersion.State.STAGED
    ).select_related("server", "version__spec", "version__project")
    row.staged = staged.first()
    if row.staged is None:
        request_staging(attempt.version)
        return False
    DeploymentTarget.objects.filter(pk=row.pk).update(staged=row.staged)
    try:
        limit = canary_seconds(ServingPolicy.of(attempt.project_id))
        warm(Attempt(attempt, [row], limit, system("reconcile")), row)
        with transaction.atomic():
            lock(attempt.project)
            if not Deployment.objects.live().filter(pk=attempt.pk).exists():
                return False
            seen = mirror(attempt, row)
    except (DriverError, ProblemError) as error:
        DeploymentTarget.objects.filter(pk=row.pk).update(state=State.BEHIND, error=str(error))
        logger.warning("%s cannot catch up on %s yet: %s", attempt.version, row.server, error)
        return False
    logger.info("%s caught up: %s", row.server, seen)
    return True
