"""The loop's trigger: enough new golden samples start a run, exactly once; those of a failed run come back to it."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Count, F, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from common import actor as actors
from common.problems import ProblemError
from labeling.models import GoldenSample, Project
from labeling.services.fitting import count_fitting
from training.models import OPEN, RetrainPolicy, TrainingRun
from training.services.rounds import retrain

logger = logging.getLogger(__name__)
_TRIGGER = actors.system("trigger")
State = TrainingRun.State
# After a failure the samples are there again at once: another try waits for this, twice as long each time.
FIRST_WAIT, LONGEST_WAIT = timedelta(hours=1), timedelta(days=1)


def new_golden_samples(policy: RetrainPolicy) -> int:
    """Golden samples outside the test split that fit today's task and that no triggered run has counted yet."""
    rows = GoldenSample.objects.trainable().filter(project_id=policy.project_id, pk__gt=policy.counted_to)
    return count_fitting(rows, policy.project.spec.to_spec())


def check_trigger(project: Project) -> TrainingRun | None:
    """Start a run, or a round, if the policy says so: its first run; None otherwise.

    Safe to call any number of times at once.
    """
    policy = (
        RetrainPolicy.objects.select_related("profile", "base", "project").filter(project=project, enabled=True).first()
    )
    if policy is None or new_golden_samples(policy) < policy.threshold:
        return None
    if what_holds_back(project):
        return None
    newest = _newest(project)
    try:
        with transaction.atomic():
            # Two checks at once: the second waits for the row, then finds the mark moved.
            moved = RetrainPolicy.objects.filter(pk=policy.pk, counted_to=policy.counted_to).update(counted_to=newest)
            if not moved:
                return None
            counted = (policy.counted_to, newest)
            return retrain(_TRIGGER, project, trigger=TrainingRun.Trigger.THRESHOLD, again=True, counted=counted)
    except ProblemError as problem:
        logger.warning("project %s reached its threshold but cannot train: %s", project.key, problem)
        return None


def what_holds_back(project: Project) -> str:
    """Why no run starts by itself though there may be samples enough, as a sentence; empty where nothing does."""
    there = TrainingRun.objects.filter(OPEN, project=project).order_by("pk").first()
    if there is not None:
        if there.state == State.PAUSED:
            return f"Run {there.short} is paused: nothing starts by itself until it goes on or is cancelled."
        return f"Run {there.short} is {there.state}."
    ended = TrainingRun.objects.filter(project=project, state__in=[State.SUCCEEDED, State.FAILED])
    # Where others of its round succeeded, a failure holds nothing back.
    ended = ended.exclude(state=State.FAILED, round__candidate__isnull=False)
    recent = list(_endings(ended)[:8])
    failures = next((number for number, row in enumerate(recent) if row["succeeded"]), len(recent))
    if not failures:
        return ""
    counted_to = next((row["counted"] for row in recent[:failures] if row["counted"] is not None), None)
    return _after_failures(failures, recent[0]["ended"], fresh=counted_to is None or _newest(project) > counted_to)


def _endings(runs: QuerySet[TrainingRun]) -> QuerySet[TrainingRun, Any]:
    """Newest first, a round as one: how many `succeeded`, when the last `ended`, and which samples were `counted`."""
    one = Coalesce("round_id", -F("pk"), output_field=BigIntegerField())
    return (
        runs.order_by()
        .values(one=one)
        .annotate(
            newest=Max("pk"),
            succeeded=Count("pk", filter=Q(state=State.SUCCEEDED)),
            ended=Max("finished_at"),
            counted=Max(Coalesce("counted_to", "round__counted_to")),
        )
        .order_by("-newest")
    )


def _after_failures(failures: int, ended: datetime | None, *, fresh: bool) -> str:
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1))
    until = (ended or timezone.now()) + wait
    if until <= timezone.now() and fresh:
        return ""
    runs = "The last run" if failures == 1 else f"The last {failures} runs"
    when = f"{timezone.localtime(until):%Y-%m-%d %H:%M}"
    return f"{runs} failed: the next one starts by itself after {when}, once another golden sample is there."


def _newest(project: Project) -> int:
    newest = GoldenSample.objects.trainable().filter(project=project).aggregate(newest=Max("pk"))["newest"]
    return int(newest or 0)


def check_all_triggers() -> int:
    """Check every project whose policy is on; the number of runs started."""
    policies = RetrainPolicy.objects.filter(enabled=True, project__archived_at=None).select_related("project")
    return sum(check_trigger(policy.project) is not None for policy in policies)
