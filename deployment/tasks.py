"""Celery tasks of the deployment floor. Names and queues are contracts."""

from celery import shared_task

from labeling.models import Project

_UNBOUNDED = 365 * 24 * 3600


@shared_task(name="deployment.build", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def build(version_id: int) -> None:
    """Merge, convert and prove one version."""
    from deployment.services.artifacts import build_version

    build_version(version_id)


@shared_task(name="deployment.stage", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def stage_version(staged_id: int) -> None:
    """Bring one version onto one server."""
    from deployment.services.staging import stage

    stage(staged_id)


@shared_task(name="deployment.propose")
def propose_next(project_id: int) -> None:
    """Keep the next samples of a review queue proposed."""
    from deployment.services.proposals import propose

    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    if project is not None:
        propose(project)


@shared_task(name="deployment.sweep")
def sweep() -> None:
    """Beat: whatever is due."""
    from deployment.services import upkeep

    upkeep.sweep()


@shared_task(name="deployment.pull", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def pull(pull_id: int) -> None:
    """Fetch one base model to one server."""
    from deployment.services.catalogue import run_pull

    run_pull(pull_id)


@shared_task(name="deployment.resume")
def resume(deployment_id: int) -> None:
    """Go on with one move that lost its process."""
    from deployment.services import recovery

    recovery.resume(deployment_id)


@shared_task(name="deployment.prove_again", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def prove_again(staged_id: int, before: str, after: str) -> None:
    """Prove one live version again on a server that was upgraded."""
    from deployment.services.reconcile import prove_again as prove

    prove(staged_id, before, after)


@shared_task(name="deployment.watch")
def watch() -> None:
    """Beat: are servers back, is what is served as the rows say, and no worse than before?"""
    from deployment.services.catching_up import catch_up
    from deployment.services.reconcile import look_for_upgrades, reconcile
    from deployment.services.recovery import lead_back
    from deployment.services.resting import probe_resting
    from deployment.services.watching import watch_promotions

    probe_resting()
    lead_back()
    catch_up()
    look_for_upgrades()
    reconcile()
    watch_promotions()
