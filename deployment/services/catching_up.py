"""A server that was away while others moved: it gets the live version before it takes requests again."""

import logging

from django.db import transaction

from deployment.drivers import DriverError
from deployment.models import Deployment, DeploymentTarget, StagedVersion
from deployment.services.moving import lock, mirror, warm
from deployment.services.resting import rests
from deployment.services.staging import request_staging
from labeling.problems import ProblemError

logger = logging.getLogger(__name__)


def catch_up() -> int:
    """Beat: bring every server that is behind to its project's live version; the number that came up."""
    behind = DeploymentTarget.objects.filter(
        state=DeploymentTarget.State.BEHIND, deployment__state=Deployment.State.LIVE, server__is_active=True
    ).select_related("server", "deployment__project", "deployment__version__project", "deployment__version__spec")
    return sum(_catch_up(row) for row in behind if not rests(row.server))


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
        warm(attempt, row)
        with transaction.atomic():
            lock(attempt.project)
            if not Deployment.objects.filter(pk=attempt.pk, state=Deployment.State.LIVE).exists():
                return False
            seen = mirror(attempt, row)
    except (DriverError, ProblemError) as error:
        behind = DeploymentTarget.State.BEHIND
        DeploymentTarget.objects.filter(pk=row.pk).update(state=behind, error=str(error))
        logger.warning("%s cannot catch up on %s yet: %s", attempt.version, row.server, error)
        return False
    logger.info("%s caught up: %s", row.server, seen)
    return True
