"""Retrainings by several methods: started together on one snapshot, one of them chosen once all have ended.

A round is settled by a message when one of its runs ends, and by the sweep: whoever comes second finds it settled.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from common import actor as actors
from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, require
from labeling.models import Project
from labeling.services import events
from training.candidates import Contender, choose
from training.engine.validated import VALIDATED
from training.higher import pace_of, serving_obstacle
from training.methods import METHODS
from training.models import ModelVersion, RetrainMethod, RetrainPolicy, Snapshot, TrainingRound, TrainingRun
from training.services.counting import give_back, take_again
from training.services.runs import start_run
from training.services.snapshots import freeze_snapshot
from training.services.versions import publish_version

logger = logging.getLogger(__name__)
State = TrainingRun.State
_ROUND = actors.system("round")
# So long after the first success, runs that wait or are paused are waited for no longer; one at work always is.
PATIENCE = timedelta(hours=24)


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

    A listed method that cannot be started is left out of the round, which says why. Raises as `start_run`, and
    `ProblemError` where none can.
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
        except ProblemError as problem:
            problems.append(problem)
            round.left_out.append(f"{METHODS[row.method].title}: {problem}")
    return runs, problems


def settle(round_id: int) -> TrainingRound | None:
    """Choose the candidate of a round and make its version, once; None while a run is waited for.

    Where no run succeeded the trigger gets its samples back, and the round is settled if one does later.
    """
    round = TrainingRound.objects.select_related("project").filter(pk=round_id, candidate=None).first()
    if round is None:
        return None
    runs = list(TrainingRun.objects.filter(round=round).select_related("project", "base").order_by("pk"))
    succeeded = [run for run in runs if run.state == State.SUCCEEDED]
    if any(_is_awaited(run, succeeded) for run in runs):
        return None
    if not succeeded:
        return _end_without(round)
    verdict = verdict_on(round.project, succeeded, round.margin)
    candidate = next(run for run in succeeded if str(run.uid) == verdict["candidate"])
    with transaction.atomic():
        values = {"candidate": candidate, "verdict": verdict, "settled_at": timezone.now()}
        if not TrainingRound.objects.filter(pk=round.pk, candidate=None).update(**values):
            return None
        round.refresh_from_db()
        version = publish_version(candidate, _ROUND)
        events.record(_ROUND, "round.settled", round, after={"candidate": candidate.uid, "version": version.number})
    logger.info("round %s of %s: %s by %s", round.short, round.project.key, version, candidate.method)
    return round


def _is_awaited(run: TrainingRun, succeeded: Sequence[TrainingRun]) -> bool:
    """It may still succeed, and no other one that did waits for it too long."""
    if run.state == State.RUNNING:
        return True  # its lease, its watchdog and the reaper see to it that it ends
    if run.state not in {State.QUEUED, State.PAUSED}:
        return False
    first = min((each.finished_at for each in succeeded if each.finished_at), default=None)
    return first is None or timezone.now() < first + PATIENCE


def _end_without(round: TrainingRound) -> TrainingRound | None:
    with transaction.atomic():
        rows = TrainingRound.objects.filter(pk=round.pk, candidate=None, settled_at=None)
        if not rows.update(settled_at=timezone.now()):
            return None
        give_back(round)
        round.refresh_from_db()
        events.record(_ROUND, "round.failed", round)
    logger.warning("round %s of %s: no run succeeded", round.short, round.project.key)
    return round


def verdict_on(project: Project, runs: Sequence[TrainingRun], margin: float) -> dict[str, Any]:
    """How runs on one snapshot stand to each other, of a round or not (`training.candidates`)."""
    return choose(_contenders(project, runs), margin)


def _contenders(project: Project, runs: Sequence[TrainingRun]) -> list[Contender]:
    ms, several = pace_of(runs), len({run.method for run in runs}) < len(runs)
    return [
        Contender(
            key=str(run.uid),
            title=f"{run.way.title} ({run.base})" if several else run.way.title,
            cost=(run.way.cost, float(run.base.facts.get("parameters") or 0), place),
            ms=ms.get(run.pk),
            rows={int(row): (both, wanted, found) for row, both, wanted, found in run.result.get(VALIDATED, [])},
            obstacle=serving_obstacle(project, run.way),
        )
        for place, run in enumerate(runs)
    ]


def settle_due() -> int:
    """Beat: settle every round that is due, in case a message was lost; how many were."""
    rounds = TrainingRound.objects.filter(candidate=None, project__archived_at=None)
    due = rounds.filter(settled_at=None) | rounds.filter(runs__state=State.SUCCEEDED)
    return sum(settle(pk) is not None for pk in due.values_list("pk", flat=True).distinct())


def reopen(run: TrainingRun) -> None:
    """A failed run goes on: a round that ended without a candidate waits for it."""
    if run.round is None:
        return
    rows = TrainingRound.objects.filter(pk=run.round.pk, candidate=None).exclude(settled_at=None)
    if rows.update(settled_at=None):
        take_again(run.round)


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
