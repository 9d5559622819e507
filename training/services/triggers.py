"""The loop's trigger: enough new golden samples start a run, exactly once."""

import logging

from django.db import transaction
from django.db.models import Max

from labeling.models import GoldenSample, Project
from labeling.problems import ProblemError
from labeling.services.fitting import count_fitting
from training.models import UNFINISHED, RetrainPolicy, TrainingRun
from training.services.runs import start_run
from training.services.snapshots import freeze_snapshot

logger = logging.getLogger(__name__)


def new_golden_samples(policy: RetrainPolicy) -> int:
    """Golden samples outside the test split that fit today's task and that no triggered run has counted yet."""
    rows = GoldenSample.objects.trainable().filter(project_id=policy.project_id, pk__gt=policy.counted_to)
    return count_fitting(rows, policy.project.spec.to_spec())


def check_trigger(project: Project) -> TrainingRun | None:
    """Start a run if the project's policy says so; None otherwise. Safe to call any number of times at once."""
    policy = (
        RetrainPolicy.objects.select_related("profile", "base", "project").filter(project=project, enabled=True).first()
    )
    if policy is None or new_golden_samples(policy) < policy.threshold:
        return None
    if TrainingRun.objects.filter(UNFINISHED, project=project).exists():
        return None
    newest = GoldenSample.objects.trainable().filter(project=project).aggregate(newest=Max("pk"))["newest"]
    try:
        with transaction.atomic():
            # Two checks at once: the second waits for the row, then finds the mark moved.
            moved = RetrainPolicy.objects.filter(pk=policy.pk, counted_to=policy.counted_to).update(counted_to=newest)
            if not moved:
                return None
            snapshot = freeze_snapshot(project)
            return start_run(
                None,
                project,
                trigger=TrainingRun.Trigger.THRESHOLD,
                profile=policy.profile,
                base=policy.base,
                snapshot=snapshot,
            )
    except ProblemError as problem:
        logger.warning("project %s reached its threshold but cannot train: %s", project.key, problem)
        return None


def check_all_triggers() -> int:
    """Check every project whose policy is on; the number of runs started."""
    policies = RetrainPolicy.objects.filter(enabled=True, project__archived_at=None).select_related("project")
    return sum(check_trigger(policy.project) is not None for policy in policies)
