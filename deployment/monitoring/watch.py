"""After a promotion: hold the version in use against the one before, and go back where it is worse."""

import logging
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from common import actor as actors
from common.problems import ProblemError
from deployment.models import Deployment, Finding, ServingPolicy
from deployment.monitoring.comparison import Limits, Use, complaints
from deployment.monitoring.findings import report
from deployment.promotion.plan import plan_rollback
from deployment.promotion.promote import rollback
from deployment.serving.traffic import traffic_by_version
from labeling.models import Feedback, Project

logger = logging.getLogger(__name__)
_WATCH = actors.system("watch")
# Where the version before was asked too little just before the move, its last days speak for it.
_LONGER = timedelta(days=7)


def watch_promotions() -> int:
    """Beat: judge every version that was promoted a short time ago; the number of those found worse."""
    live = Deployment.objects.live().filter(action=Deployment.Action.PROMOTE)
    rows = live.exclude(previous=None).select_related(
        "project__serving_policy", "version__project", "previous__project"
    )
    now = timezone.now()
    found = 0
    for deployment in rows.filter(project__serving_policy__watch_minutes__gt=0):
        policy = deployment.project.serving_policy
        if deployment.live_at and deployment.live_at + timedelta(minutes=policy.watch_minutes) >= now:
            found += _watch(deployment, policy, now)
    return found


def _watch(deployment: Deployment, policy: ServingPolicy, now: datetime) -> bool:
    project, version, before = deployment.project, deployment.version, deployment.previous
    assert deployment.live_at is not None
    assert before is not None
    limits = Limits(policy.watch_requests, policy.watch_tolerance, policy.watch_slowdown)
    minutes = timedelta(minutes=policy.watch_minutes)
    old = use_of(project, before.tag, deployment.live_at - minutes, deployment.live_at)
    if old.requests < limits.requests:
        old = use_of(project, before.tag, deployment.live_at - _LONGER, deployment.live_at)
    worse = complaints(use_of(project, version.tag, deployment.live_at, now), old, limits)
    if not worse:
        return False
    sentence = f"{version} is worse than {before} since its promotion: {'; '.join(worse)}."
    finding = report(project, version, Finding.Kind.WORSE, sentence)
    if finding is not None:
        logger.warning("%s", sentence)
    if policy.auto_rollback:
        _go_back(deployment, sentence)
    return True


def _go_back(deployment: Deployment, sentence: str) -> None:
    try:
        plan = plan_rollback(deployment.project, deployment.previous)
        if plan.live == deployment:
            rollback(_WATCH, plan, reason=sentence)
    except ProblemError as problem:
        logger.error("%s could not be rolled back by itself: %s", deployment.version, problem)


def use_of(project: Project, tag: str, since: datetime, until: datetime) -> Use:
    """What a version met in a stretch of time."""
    row = next((row for row in traffic_by_version(project, since, until) if row.model_tag == tag), None)
    given = Feedback.objects.filter(
        project=project, prediction__model_tag=tag, created_at__gte=since, created_at__lt=until, thumb__isnull=False
    ).aggregate(thumbs=Count("pk"), down=Count("pk", filter=Q(thumb=Feedback.Thumb.DOWN)))
    return Use(
        requests=row.requests if row else 0,
        errors=row.errors if row else 0,
        parse_failures=row.parse_failures if row else 0,
        thumbs=given["thumbs"],
        thumbs_down=given["down"],
        p95=row.p95 if row else None,
    )
