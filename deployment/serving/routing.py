"""Where to ask the live version."""

from django.db.models import Exists, OuterRef

from common.problems import ConflictError, UnavailableError
from deployment.live import live_version
from deployment.models import Deployment, DeploymentTarget, StagedVersion
from deployment.servers.availability import busy, rests_for, unavailable
from deployment.serving.shares import with_maps
from labeling.models import Project


def live_servers(project: Project) -> list[StagedVersion]:
    """Where to ask the live version, the least busy first; servers that are unavailable or still behind are left out.

    `ConflictError`: nothing is live; `UnavailableError`: no server that is well has it. Every prediction comes through
    here and what is live may change between any two, so it is two narrow queries, and nothing is kept.
    """
    rows = Deployment.objects.serving().filter(project=project)
    live = rows.values_list("pk", "version").first()
    if live is None:
        raise ConflictError(f"Nothing is live in {project.key} yet. Promote a version first.")
    deployment, version = live
    targets = DeploymentTarget.objects.filter(deployment=deployment, server=OuterRef("server"))
    behind = Exists(targets.filter(state=DeploymentTarget.State.BEHIND).order_by())
    staged = list(with_maps(StagedVersion.objects.serving_ready(version).to_predict().annotate(behind=behind)))
    for row in staged:
        row.version.project = project
    if not staged:
        raise UnavailableError(
            f"{live_version(project)} is live, but no active server has it. Look at the project's deployments page."
        )
    well = [
        row
        for row in staged
        if not row.behind and not unavailable(row.server)  # type: ignore[attr-defined]  # annotated above
    ]
    if not well:
        resting = [rests_for(row.server) for row in staged if not row.behind]  # type: ignore[attr-defined]  # annotated
        raise UnavailableError(
            f"No model server of {project.key} answers just now. Try again in a moment.",
            retry_after=min(resting, default=2),
        )
    return sorted(well, key=lambda row: busy(row.server))
