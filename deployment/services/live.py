"""What is live: one row decides for every request."""

from deployment.models import Deployment, StagedVersion
from labeling.models import Project
from labeling.problems import ConflictError, UnavailableError
from training.models import ModelVersion

State = Deployment.State
# From the switch of the row on, requests go to the new version; the steps after it only confirm.
SERVING = (State.MOVED, State.PROVEN, State.LIVE)
MOVING = (State.PLANNED, State.STAGED, State.WARMED, State.MOVED, State.PROVEN)


def live_deployment(project: Project) -> Deployment | None:
    """The deployment that answers now; None before the first promotion."""
    return (
        Deployment.objects.filter(project=project, state__in=SERVING)
        .select_related("version__spec", "version__project", "previous", "actor")
        .order_by("-id")
        .first()
    )


def live_version(project: Project) -> ModelVersion | None:
    """The version that answers now."""
    deployment = live_deployment(project)
    return deployment.version if deployment else None


def staged_on_servers(version: ModelVersion) -> list[StagedVersion]:
    """Where the version stands on active servers of its project."""
    return list(
        StagedVersion.objects.filter(
            version=version,
            state=StagedVersion.State.STAGED,
            server__is_active=True,
            server__policies__project=version.project_id,
        )
        .select_related("server", "version__spec", "version__project")
        .order_by("id")
    )


def live_servers(project: Project) -> list[StagedVersion]:
    """Where to ask the live version. `ConflictError`: nothing is live; `UnavailableError`: no server has it."""
    version = live_version(project)
    if version is None:
        raise ConflictError(f"Nothing is live in {project.key} yet. Promote a version first.")
    staged = staged_on_servers(version)
    if not staged:
        raise UnavailableError(
            f"{version} is live, but no active server has it. Look at the project's deployments page."
        )
    return staged


def live_staged(project: Project) -> StagedVersion:
    """The first place to ask the live version; raises as `live_servers`."""
    return live_servers(project)[0]
