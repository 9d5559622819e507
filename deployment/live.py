"""What is live: one row decides for every request."""

from deployment.models import Deployment, InferenceServer, StagedVersion
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


def live_tags(server: InferenceServer) -> set[str]:
    """The tags of what is live and stands on a server."""
    live = Deployment.objects.serving().order_by().values("version")
    return set(StagedVersion.objects.staged().filter(server=server, version__in=live).values_list("tag", flat=True))
