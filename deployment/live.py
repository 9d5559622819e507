"""What is live: one row decides for every request."""

from deployment.models import Deployment, DeploymentTarget, InferenceServer, StagedVersion
from labeling.models import Project
from training.models import ModelVersion


def live_deployment(project: Project) -> Deployment | None:
    """The deployment that answers now; None before the first promotion."""
    related = ("version__spec", "version__project", "version__base", "previous", "actor")
    return Deployment.objects.serving().filter(project=project).select_related(*related).first()


def live_version(project: Project) -> ModelVersion | None:
    """The version that answers now."""
    deployment = live_deployment(project)
    return deployment.version if deployment else None


def is_live(project: Project) -> bool:
    """Whether a version of the project answers now."""
    return Deployment.objects.serving().filter(project=project).exists()


def staged_on_servers(version: ModelVersion) -> list[StagedVersion]:
    """Where the version stands on active servers of its project."""
    return list(StagedVersion.objects.serving_ready(version).to_ask())


def left_on_servers(project: Project) -> list[StagedVersion]:
    """What the alias stays with, on those of the project's active servers that cannot serve what is live."""
    rows = StagedVersion.objects.staged().with_an_alias_left().filter(version__project=project)
    return list(rows.filter(server__is_active=True, server__policies__project=project).to_ask().order_by("id"))


def leads_to(live: Deployment, staged: StagedVersion) -> bool:
    """The alias on this server is to lead there: it is the live version, or what the alias stays with."""
    if staged.version_id == live.version_id:
        return True
    return live.targets.filter(state=DeploymentTarget.State.STAYS, staged=staged).exists()


def alias_on(server: InferenceServer, live: Deployment) -> StagedVersion | None:
    """What the alias of the live deployment's project is to lead to on a server; None where it is to have none, or
    where nothing that it led to is kept.

    What it stays with, else the live version where it has a row there, else what a move led the alias to last.
    """
    rows = StagedVersion.objects.select_related("server", "version__project").kept()
    left = live.targets.filter(server=server, state=DeploymentTarget.State.STAYS).first()
    if left is not None:
        return rows.filter(pk=left.staged_id).first() if left.staged_id else None
    own = rows.filter(version=live.version_id, server=server).first()
    if own is not None:
        return own
    last = led_last(server, live.project_id)
    return None if last is None or last.state == StagedVersion.State.REMOVED else last


def led_last(server: InferenceServer, project_id: int, before: int | None = None) -> StagedVersion | None:
    """Where a move that came to its end saw the project's alias on a server last.

    It may be removed meanwhile. `before`: the primary key of a deployment; earlier ones alone count.
    """
    led = DeploymentTarget.objects.filter(
        server=server,
        state__in=(DeploymentTarget.State.PROVEN, DeploymentTarget.State.STAYS),
        deployment__project=project_id,
        deployment__live_at__isnull=False,
        error="",
    ).exclude(staged=None)
    if before is not None:
        led = led.filter(deployment__lt=before)
    # By the column: ordered by the relation, rows would come in the order of `Deployment.Meta`, the newest first.
    last = led.order_by("-deployment_id").values_list("staged", flat=True).first()
    rows = StagedVersion.objects.select_related("server", "version__project")
    return rows.filter(pk=last).first() if last else None


def live_tags(server: InferenceServer) -> set[str]:
    """The tags on a server of what is live, and of what an alias stays with beside it."""
    live = Deployment.objects.serving().order_by().values("version")
    here = StagedVersion.objects.staged().filter(server=server)
    tags = here.filter(version__in=live).values_list("tag", flat=True)
    return {*tags, *here.with_an_alias_left().values_list("tag", flat=True)}
