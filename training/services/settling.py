"""The candidate of a round, chosen once all its runs have ended.

A round is settled by a message when one of its runs ends, and by the sweep: whoever comes second finds it settled. Who
settles it and who has one of its runs go on lock its row first, and then look at its runs.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from common import actor as actors
from common.actor import Actor
from labeling.models import Project
from labeling.services import events
from training.candidates import Contender, choose
from training.engine.validated import VALIDATED
from training.higher import pace_of, serving_obstacle
from training.models import TrainingRound, TrainingRun
from training.services.counting import give_back, take_again
from training.services.versions import publish_version

logger = logging.getLogger(__name__)
State = TrainingRun.State
_ROUND = actors.system("round")
# So long after the first success, runs that wait or are paused are waited for no longer; one at work always is.
PATIENCE = timedelta(hours=24)


@transaction.atomic
def settle(round_id: int) -> TrainingRound | None:
    """Choose the candidate of a round and make its version, once; None while a run is waited for.

    Where no run succeeded and one failed the trigger gets its samples back. The round is settled if one succeeds later.
    """
    rows = TrainingRound.objects.select_for_update(of=("self",)).select_related("project")
    round = rows.filter(pk=round_id, candidate=None).first()
    if round is None:
        return None
    runs = list(TrainingRun.objects.filter(round=round).select_related("project", "base").order_by("pk"))
    succeeded = [run for run in runs if run.state == State.SUCCEEDED]
    if any(_is_awaited(run, succeeded) for run in runs):
        return None
    if not succeeded:
        return _end_without(round, runs)
    verdict = verdict_on(round.project, succeeded, round.margin)
    candidate = next(run for run in succeeded if str(run.uid) == verdict["candidate"])
    round.candidate, round.verdict, round.settled_at = candidate, verdict, timezone.now()
    round.save(update_fields=["candidate", "verdict", "settled_at"])
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


def _end_without(round: TrainingRound, runs: Sequence[TrainingRun]) -> TrainingRound | None:
    if round.settled_at is not None:
        return None
    round.settled_at = timezone.now()
    round.save(update_fields=["settled_at"])
    # Who cancels all of them does not want them again at once.
    if any(run.state == State.FAILED for run in runs):
        give_back(round)
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
    """Beat: settle every round that is due, in case a message was lost; how many were. None stops another."""
    rounds = TrainingRound.objects.filter(candidate=None, project__archived_at=None)
    due = rounds.filter(settled_at=None) | rounds.filter(runs__state=State.SUCCEEDED)
    return sum(_settled(pk) for pk in due.values_list("pk", flat=True).distinct())


def _settled(round_id: int) -> bool:
    try:
        return settle(round_id) is not None
    except Exception:  # whatever is wrong with one round: the sweep of all projects goes on
        logger.exception("round %s could not be settled; the next sweep tries again", round_id)
        return False


def locked_round(run: TrainingRun) -> TrainingRound | None:
    """The run's round, which nobody settles before the end of this transaction; None where it stands alone."""
    return TrainingRound.objects.select_for_update().filter(pk=run.round_id).first() if run.round_id else None


def reopen(actor: Actor, round: TrainingRound) -> None:
    """A run of a locked round goes on: where that had ended without a candidate, it waits for the run."""
    if round.candidate_id is None and round.settled_at is not None:
        round.settled_at = None
        round.save(update_fields=["settled_at"])
        take_again(round)
        events.record(actor, "round.reopened", round)
