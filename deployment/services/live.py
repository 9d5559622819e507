"""What is live: one row decides for every request."""

from django.db.models import Exists, OuterRef, QuerySet

from deployment.models import Deployment, DeploymentTarget, StagedVersion
from deployment.services.resting import busy, rests
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
    return list(_standing(version.project_id, version.pk))


def _standing(project_id: int, version_id: int) -> QuerySet[StagedVersion]:
    return (
        StagedVersion.objects.filter(
            version=version_id,
            state=StagedVersion.State.STAGED,
            server__is_active=True,
            server__policies__project=project_id,
        )
        .select_related("server", "version__spec", "version__project", "held_against__project")
        .order_by("id")
    )


def live_servers(project: Project) -> list[StagedVersion]:
    """Where to ask the live version, the least busy first; servers that rest or are still behind are left out.

    `ConflictError`: nothing is live; `UnavailableError`: no server that is well has it. Every prediction comes through
    here and what is live may change between any two, so it is two narrow queries, and nothing is kept.
    """
    rows = Deployment.objects.filter(project=project, state__in=SERVING).order_by("-id")
    live = rows.values_list("pk", "version").first()
    if live is None:
        raise ConflictError(f"Nothing is live in {project.key} yet. Promote a version first.")
    deployment, version = live
    targets = DeploymentTarget.objects.filter(deployment=deployment, server=OuterRef("server"))
    behind = Exists(targets.filter(state=DeploymentTarget.State.BEHIND).order_by())
    staged = list(_standing(project.pk, version).annotate(behind=behind))
    if not staged:
        raise UnavailableError(
            f"{live_version(project)} is live, but no active server has it. Look at the project's deployments page."
        )
    well = [row for row in staged if not row.behind and not rests(row.server)]
    if not well:
        raise UnavailableError(f"No model server of {project.key} answers just now. Try again in a moment.")
    return sorted(well, key=lambda row: busy(row.server))


def live_staged(project: Project) -> StagedVersion:
    """The first place to ask the live version; raises as `live_servers`."""
    return live_servers(project)[0]
