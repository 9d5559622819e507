"""Celery tasks of the deployment floor. Names and queues are contracts."""

from celery import shared_task

from common.alone import alone
from labeling.models import Project

_UNBOUNDED = 365 * 24 * 3600


@shared_task(name="deployment.build", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def build_artifact(artifact_id: int) -> None:
    """Merge, convert and prove one version's file."""
    from deployment.artifacts.build import build

    build(artifact_id)


@shared_task(name="deployment.build_head", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def build_head(artifact_id: int) -> None:
    """Put encoder and head of one version together and prove the file, which needs no torch."""
    from deployment.artifacts.build import build

    build(artifact_id)


@shared_task(name="deployment.stage", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def stage_version(staged_id: int) -> None:
    """Bring one version onto one server."""
    from deployment.artifacts.staging import stage

    stage(staged_id)


@shared_task(name="deployment.propose")
def propose_next(project_id: int) -> None:
    """Keep the next samples of a review queue proposed."""
    from deployment.serving.proposals import propose

    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    if project is not None:
        propose(project)


@shared_task(name="deployment.sweep")
def sweep() -> None:
    """Beat: whatever is due."""
    from deployment import sweep as due

    due.sweep()


@shared_task(name="deployment.sweep_project")
def sweep_project(project_id: int) -> None:
    """Whatever is due in one project, because somebody asked."""
    from deployment.sweep import sweep_project_by_id

    sweep_project_by_id(project_id)


@shared_task(name="deployment.pull", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def pull(pull_id: int) -> None:
    """Fetch one base model to one server."""
    from deployment.servers.pulls import run_pull

    run_pull(pull_id)


@shared_task(name="deployment.resume")
def resume(deployment_id: int) -> None:
    """Go on with one move that lost its process."""
    from deployment.promotion import recovery

    recovery.resume(deployment_id)


@shared_task(name="deployment.prove_again", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def prove_again(staged_id: int, before: str, after: str) -> None:
    """Prove one live version again on a server that was upgraded."""
    from deployment.monitoring.reconcile import prove_again as prove

    prove(staged_id, before, after)


@shared_task(name="deployment.load")
def load(server_id: int, tag: str) -> None:
    """Have one model in a server's memory."""
    from deployment.servers import memory

    memory.load(server_id, tag)


@shared_task(name="deployment.probe")
def probe(server_id: int) -> None:
    """Ask one server that never answered who it is."""
    from deployment.servers import health

    health.probe_by_worker(server_id)


@shared_task(name="deployment.look_again")
def look_again(staged_id: int) -> None:
    """A live version was not found on its server: look, and mend."""
    from deployment.monitoring import reconcile

    reconcile.look_again(staged_id)


@shared_task(name="deployment.catch_up")
def catch_up() -> None:
    """Beat: servers that were away get what is live; loading it may take long."""
    from deployment.promotion import catch_up as behind

    with alone("deployment.catch_up") as mine:
        if mine:
            behind.catch_up()


@shared_task(name="deployment.reap")
def reap() -> None:
    """Beat: work that lost its worker."""
    from deployment.sweep import reap as lost

    lost()


@shared_task(name="deployment.watch")
def watch() -> None:
    """Beat: are servers back, is what is served as the rows say, and no worse than before?"""
    from deployment.monitoring.reconcile import look_for_upgrades, reconcile
    from deployment.monitoring.watch import watch_promotions
    from deployment.promotion.recovery import lead_back
    from deployment.servers.availability import probe_unavailable

    with alone("deployment.watch") as mine:
        if not mine:
            return  # the last round is still at it
        probe_unavailable()
        lead_back()
        reconcile()
        watch_promotions()
        look_for_upgrades()
