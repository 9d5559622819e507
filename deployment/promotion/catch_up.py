"""A server that was away while others moved: it gets the live version before it takes requests again."""

import logging

from django.db import transaction

from common.actor import system
from common.problems import ProblemError
from deployment.artifacts.staging import request_staging
from deployment.models import Deployment, DeploymentTarget, ServingPolicy, StagedVersion
from deployment.promotion.attempt import Attempt, canary_seconds
from deployment.promotion.on_server import mirror, warm
from deployment.promotion.steps import lock
from deployment.servers.availability import unavailable
from deployment.servers.drivers import DriverError

logger = logging.getLogger(__name__)


def catch_up() -> int:
    """Beat: bring every server that is behind to its project's live version; the number that came up."""
    behind = DeploymentTarget.objects.filter(
        state=DeploymentTarget.State.BEHIND, deployment__state=Deployment.State.LIVE, server__is_active=True
    ).select_related("server", "deployment__project", "deployment__version__project", "deployment__version__spec")
    return sum(_catch_up(row) for row in behind if not unavailable(row.server))


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
        behind = DeploymentTarget.State.BEHIND
        DeploymentTarget.objects.filter(pk=row.pk).update(state=behind, error=str(error))
        logger.warning("%s cannot catch up on %s yet: %s", attempt.version, row.server, error)
        return False
    logger.info("%s caught up: %s", row.server, seen)
    return True
