"""Retrainings by several methods, started together on one snapshot. Which of them is chosen: `settling`."""

import logging
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, require
from labeling.models import Project
from labeling.services import events
from training.methods import METHODS
from training.models import ModelVersion, RetrainMethod, RetrainPolicy, Snapshot, TrainingRound, TrainingRun
from training.services.runs import SameRunError, start_run
from training.services.snapshots import freeze_snapshot
from training.services.versions import publish_version

logger = logging.getLogger(__name__)
State = TrainingRun.State


def methods_of(project: Project) -> list[RetrainPolicy | RetrainMethod]:
    """What a retraining of the project fits: the policy's own method first; nothing without a policy."""
    policy = RetrainPolicy.objects.select_related("profile", "base").filter(project=project).first()
    if policy is None:
        return []
    return [policy, *RetrainMethod.objects.select_related("profile", "base").filter(project=project)]


def retrain(
    actor: Actor,
    project: Project,
    *,
    trigger: str,
    snapshot: Snapshot | None = None,
    again: bool = False,
    counted: tuple[int, int] | None = None,
) -> TrainingRun:
    """Start what the policy lists on one snapshot, frozen now unless given: a run alone, or a round; its first run.

    A listed method that cannot be started is left out of the round, which says why. Raises as `start_run`, of a round
    `SameRunError` where one of its runs is there already, and `ProblemError` where none can be started.
    """
    require(actor, project, Right.OPERATE)
    listed = methods_of(project)
    with transaction.atomic():
        snapshot = snapshot or freeze_snapshot(actor, project)
        if len(listed) < 2:
            return start_run(actor, project, trigger=trigger, snapshot=snapshot, again=again, counted=counted)
        return _start_round(actor, listed, snapshot, trigger, again=again, counted=counted)


def _start_round(
    actor: Actor,
    listed: Sequence[RetrainPolicy | RetrainMethod],
    snapshot: Snapshot,
    trigger: str,
    *,
    again: bool,
    counted: tuple[int, int] | None,
) -> TrainingRun:
    counted_from, counted_to = counted or (None, None)
    policy = listed[0]
    assert isinstance(policy, RetrainPolicy)
    round = TrainingRound.objects.create(
        project=policy.project,
        snapshot=snapshot,
        trigger=trigger,
        requested_by_id=actor.user_id,
        margin=policy.margin,
        counted_from=counted_from,
        counted_to=counted_to,
    )
    runs, problems = _start_each(actor, round, listed, again=again)
    if not runs:
        raise problems[0]
    round.save(update_fields=["left_out"])
    after = {"snapshot": snapshot.digest, "runs": [run.uid for run in runs], "left_out": len(problems)}
    events.record(actor, "round.started", round, after=after)
    for sentence in round.left_out:
        logger.warning("round %s of %s goes without %s", round.short, policy.project.key, sentence)
    return runs[0]


def _start_each(
    actor: Actor, round: TrainingRound, listed: Sequence[RetrainPolicy | RetrainMethod], *, again: bool
) -> tuple[list[TrainingRun], list[ProblemError]]:
    """The runs, and why others could not be started; the round is told, and not saved."""
    runs, problems = list[TrainingRun](), list[ProblemError]()
    for row in listed:
        chosen: dict[str, Any] = {"profile": row.profile, "base": row.base, "method": row.method}
        chosen |= {"trigger": round.trigger, "snapshot": round.snapshot}
        try:
            with transaction.atomic():
                runs.append(start_run(actor, round.project, again=again, round=round, **chosen))
        except SameRunError:
            raise  # a round without it would choose among fewer than were asked for
        except ProblemError as problem:
            problems.append(problem)
            round.left_out.append(f"{METHODS[row.method].title}: {problem}")
    return runs, problems


def judge_too(actor: Actor, run: TrainingRun) -> ModelVersion:
    """Make a version of a run that is not the candidate of its round: built, staged and judged, promoted by hand alone.

    Raises `ConflictError` before its round is settled, where it has not succeeded, and where it has a version.
    """
    require(actor, run.project, Right.OPERATE)
    with transaction.atomic():
        # One at a time: the second finds the version of the first.
        row = TrainingRun.objects.select_for_update(of=("self",)).select_related("round").get(pk=run.pk)
        if row.round is None or row.round.candidate_id is None:
            raise ConflictError("This run is not of a round whose candidate was chosen: there is nothing to choose.")
        if row.state != State.SUCCEEDED:
            raise ConflictError(f"This run has not succeeded: it is {row.state}. Only what was made can be judged.")
        if ModelVersion.objects.filter(run=row).exists():
            raise ConflictError("This run has a version already.")
        events.record(actor, "run.judgment_asked", row, after={"round": row.round.uid})
        return publish_version(row, actor)
