"""An alias that does not lead where it should: is that our doing, or somebody's decision?"""

from datetime import timedelta

from django.utils import timezone

from deployment.live import led_last
from deployment.models import Deployment, DeploymentTarget, StagedVersion
from deployment.servers.drivers import Driver, Proof
from labeling.models import Project

# A server that hung while an alias was moved may do it when it wakes, long after the move was given up.
_LATE = timedelta(minutes=10)


def why_ours(project: Project, staged: StagedVersion, driver: Driver, proof: Proof) -> str:
    """What became of the alias, where that is nobody's decision; empty where it may be somebody's."""
    if not proof.digest:
        broken = driver.unreadable(project.key)
        return "could not be read (the server was killed while it was moved)" if broken else "was missing"
    given_up = DeploymentTarget.objects.filter(
        server=staged.server,
        staged__manifest_digest=proof.digest,
        deployment__project=project,
        deployment__state=Deployment.State.FAILED,
        deployment__failed_step__in=(Deployment.State.MOVED, Deployment.State.PROVEN),
        deployment__ended_at__gte=timezone.now() - _LATE,
    ).exclude(state=DeploymentTarget.State.BACK)
    return "was left over by a move that failed" if given_up.exists() else ""


def is_still_to_lead(target: DeploymentTarget, digest: str) -> bool:
    """A move has yet to lead the alias to what it stays with: `digest`, where it leads, is no answer to that.

    A rollback has said that it goes back there. Else it must lead where a move of ours saw it last: nobody has touched
    it since.
    """
    row, staged = target.deployment, target.staged
    last = led_last(target.server, row.project_id, before=row.pk)
    if staged is None or last is None or last == staged:
        return False
    return row.action == Deployment.Action.ROLLBACK or last.manifest_digest == digest


def waits_to_be_led(staged: StagedVersion, digest: str) -> bool:
    """What is live leaves the alias with this version, and could not lead it there yet."""
    unseen = DeploymentTarget.objects.filter(
        staged=staged, state=DeploymentTarget.State.STAYS, deployment__state=Deployment.State.LIVE
    ).exclude(error="")
    target = unseen.select_related("deployment", "server", "staged").first()
    return target is not None and is_still_to_lead(target, digest)
