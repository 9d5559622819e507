"""Celery tasks of the training floor. Names and queues are contracts."""

from celery import shared_task

from common.actor import system
from labeling.models import Project
from training.services import (
    draft_proposals,
    drafts,
    looks,
    ranking,
    ranking_due,
    reaper,
    settling,
    supervisor,
    triggers,
)
from training.services.encoders import list_encoder

# Training ends when it ends: the row's lease watches over it, no time limit of the worker.
_UNBOUNDED = 365 * 24 * 3600


@shared_task(name="training.train_run", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def train_run(run_id: int) -> None:
    """Train one run."""
    supervisor.execute(run_id)


@shared_task(name="training.fit_head", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def fit_head(run_id: int) -> None:
    """Fit one head: the same run, supervised in the same way, on a worker without torch."""
    supervisor.execute(run_id)


@shared_task(name="training.look_at_encoder")
def look_at_encoder(base_id: int) -> None:
    """Look at one sentence encoder, which needs no torch."""
    looks.look(base_id)


@shared_task(name="training.look")
def look(base_id: int) -> None:
    """Look at one base model."""
    looks.look(base_id)


@shared_task(name="training.check_trigger")
def check_trigger(project_id: int) -> None:
    """A golden sample landed: is it time to train, or to fit the draft again?"""
    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    if project is not None:
        triggers.check_trigger(project)
        drafts.check_draft(project)
        ranking_due.check_ranking(project)


@shared_task(name="training.fit_draft")
def fit_draft(project_id: int) -> None:
    """Fit a project's draft again."""
    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    if project is not None:
        drafts.fit_draft(project)


@shared_task(name="training.propose_draft")
def propose_draft(project_id: int) -> None:
    """Keep the next samples of a review queue proposed by the draft."""
    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    if project is not None:
        draft_proposals.propose(project)


@shared_task(name="training.rank_texts")
def rank_texts(project_id: int) -> None:
    """Rank the training texts of a project that wait."""
    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    if project is not None:
        ranking.rank_texts(project)


@shared_task(name="training.settle_round")
def settle_round(round_id: int) -> None:
    """A run of a round has ended: is it time to choose?"""
    settling.settle(round_id)


@shared_task(name="training.check_triggers")
def check_triggers() -> None:
    """Beat: the same for all projects, rounds and looks, in case a message was lost; a new encoder is listed."""
    settling.settle_due()
    triggers.check_all_triggers()
    drafts.check_all_drafts()
    draft_proposals.propose_due()
    ranking_due.check_all_rankings()
    looks.queue_waiting()
    list_encoder(system("look"))


@shared_task(name="training.reap")
def reap() -> None:
    """Beat: runs and looks that lost their worker."""
    reaper.reap()
