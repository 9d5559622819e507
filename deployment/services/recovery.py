"""Moves that failed or were lost half-way: the old version serves again, in row and alias."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from deployment.drivers import DriverError, driver_for
from deployment.models import Deployment, StagedVersion
from deployment.services.live import MOVING, live_deployment
from labeling.models import Project
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = Deployment.State
# A move takes seconds; one that is older lost its process half-way.
LOST_AFTER = timedelta(minutes=10)


def fail_attempt(attempt: Deployment, error: str) -> None:
    """End an attempt that cannot go on: the previous version serves again, in row and alias."""
    with transaction.atomic():
        row = Deployment.objects.select_for_update().get(pk=attempt.pk)
        if row.state in MOVING:
            Deployment.objects.filter(pk=row.pk).update(
                state=State.FAILED, failed_step=row.state, error=error, ended_at=timezone.now()
            )
            logger.error("moving %s to %s failed at %s: %s", row.project_id, row.version_id, row.state, error)
        if row.state in (State.MOVED, State.PROVEN):
            _serve_again(row)
    project = attempt.project
    live = live_deployment(project)
    for staged in StagedVersion.objects.filter(version=attempt.version).select_related("server"):
        _restore_alias(project, staged, live.version if live else None)


def _serve_again(failed: Deployment) -> None:
    """The row that the failed move replaced is the live one again."""
    before = Deployment.objects.filter(
        project_id=failed.project_id, version_id=failed.previous_id, state=State.REPLACED
    ).first()
    if before:
        Deployment.objects.filter(pk=before.pk).update(state=State.LIVE, ended_at=None)


def _restore_alias(project: Project, failed: StagedVersion, live: ModelVersion | None) -> None:
    """Where the alias leads to the failed version, lead it back to what is live, or remove it where nothing is."""
    driver = driver_for(failed.server)
    try:
        if not failed.manifest_digest or driver.digest_of(project.key) != failed.manifest_digest:
            return
        if live is None:
            driver.remove(project.key)
        elif live.pk != failed.version_id:
            driver.move(project.key, live.server_tag)
    except DriverError as error:
        logger.error("the alias of %s on %s could not be put back: %s", project.key, failed.server, error)


def end_lost_moves() -> int:
    """Beat: attempts whose process died half-way are ended, and the previous version serves again."""
    old = Deployment.objects.filter(state__in=MOVING, created_at__lt=timezone.now() - LOST_AFTER)
    lost = list(old.select_related("project", "version"))
    for attempt in lost:
        fail_attempt(attempt, "The process that carried out this move was lost.")
    return len(lost)
