"""After a promotion: hold the version in use against the one before, and go back where it is worse."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from common import actor as actors
from common.problems import ProblemError
from deployment.models import Deployment, Finding, ServingPolicy
from deployment.monitoring.comparison import Judgment, Limits, Use, complaints, judge, unjudged
from deployment.monitoring.findings import report
from deployment.monitoring.use import MOST, decided_of, requests_of, thinning
from deployment.promotion.plan import plan_rollback
from deployment.promotion.promote import rollback

logger = logging.getLogger(__name__)
_WATCH = actors.system("watch")
# Where the version before was asked too little just before the move, its last days speak for it.
_LONGER = timedelta(days=7)
# Experts decide slowly: their word is waited for at least so long, and the version before has that of a month.
EXPERTS = timedelta(days=7)
_EXPERTS_BEFORE = timedelta(days=30)
# More requests than so many are not waited for before the first look.
_MOST_WANTED = 20_000


@dataclass(frozen=True)
class Watch:
    """What a promotion's watch knows: each signal, until when requests and experts' decisions count, if it is over."""

    deployment: Deployment
    signals: Sequence[Judgment]
    until: datetime
    experts_until: datetime
    over: bool


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
        if deployment.live_at and max(_ends(deployment.live_at, policy)) >= now:
            found += _act(deployment, policy, now)
    return found


def watch_of(deployment: Deployment, now: datetime | None = None) -> Watch | None:
    """What the watch knows of a promotion, or knew when it ended; None where nothing is held against anything."""
    policy = ServingPolicy.of(deployment.project_id)
    watched = deployment.action == Deployment.Action.PROMOTE and deployment.previous and deployment.live_at
    if not watched or policy is None or not policy.watch_minutes or deployment.live_at is None:
        return None
    now = now or timezone.now()
    if deployment.ended_at is not None:
        now = min(now, deployment.ended_at)
    until, experts_until = _ends(deployment.live_at, policy)
    over = deployment.ended_at is not None or max(until, experts_until) < now
    return Watch(deployment, _judge(deployment, policy, now), until, experts_until, over)


def _ends(live_at: datetime, policy: ServingPolicy) -> tuple[datetime, datetime]:
    """Until when requests and experts' decisions are watched."""
    minutes = timedelta(minutes=policy.watch_minutes)
    return live_at + minutes, live_at + max(minutes, EXPERTS)


def _judge(deployment: Deployment, policy: ServingPolicy, now: datetime, *, requests: bool = True) -> list[Judgment]:
    """Every signal; without `requests` only what experts decided."""
    project, version, before, moved = deployment.project, deployment.version, deployment.previous, deployment.live_at
    assert moved is not None
    assert before is not None
    limits = Limits(min(policy.watch_requests, _MOST_WANTED), policy.watch_tolerance, policy.watch_slowdown)
    most, minutes = max(MOST, limits.requests), timedelta(minutes=policy.watch_minutes)
    until, experts_until = (min(now, end) for end in _ends(moved, policy))
    new = old = Use()
    if requests:
        every = thinning(project, before.tag, moved - minutes, moved, most)
        new = requests_of(project, version.tag, moved, until, latest=False, every=every, most=most)
        old = requests_of(project, before.tag, moved - minutes, moved, latest=True, every=every, most=most)
        if len(old.errors) < limits.requests:
            old = requests_of(project, before.tag, moved - max(minutes, _LONGER), moved, latest=True, most=most)
    new = replace(new, confirmed=decided_of(project, version.tag, moved, experts_until, latest=False))
    since = moved - max(minutes, _EXPERTS_BEFORE)
    old = replace(old, confirmed=decided_of(project, before.tag, since, moved, latest=True))
    return [each for each in judge(new, old, limits) if requests or each.name == "confirmed"]


def _act(deployment: Deployment, policy: ServingPolicy, now: datetime) -> bool:
    assert deployment.live_at is not None
    judged = _judge(deployment, policy, now, requests=now <= _ends(deployment.live_at, policy)[0])
    worse = complaints(judged)
    if not worse:
        return False
    project, version = deployment.project, deployment.version
    sentence = f"{version} is worse than {deployment.previous} since its promotion: {'; '.join(worse)}."
    sentence = f"{sentence} {unjudged(judged)}".strip()
    # What is not judged yet changes with every request: only another signal makes the finding another one.
    found = ", ".join(each.name for each in judged if each.worse)
    kind = Finding.Kind.WORSE
    known = Finding.objects.filter(project=project, version=version, kind=kind, state=Finding.State.OPEN, found=found)
    if not known.exists() and report(project, version, kind, sentence, found=found) is not None:
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
