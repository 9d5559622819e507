"""What pages, API and admin ask of this floor's rows, each spelled once and without a query per row."""

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from deployment.models import Artifact, BuildStep, Deployment, ParityReport, StagedVersion
from deployment.models.querysets import DeploymentQuerySet
from labeling.models import Project
from training.models import ModelVersion


def history(project: Project) -> DeploymentQuerySet:
    """Every attempt, newest first, failures too."""
    return Deployment.objects.filter(project=project).order_by("-id").to_show()


def version_rows(project: Project) -> QuerySet[ModelVersion]:
    """The project's versions with their lineage, newest first."""
    rows = ModelVersion.objects.filter(project=project).order_by("-number")
    return rows.select_related("project", "base", "spec", "run__snapshot", "derived_from__project", "made_by")


def staged_rows(version: ModelVersion) -> QuerySet[StagedVersion]:
    """Where a version stands or is brought to."""
    rows = StagedVersion.objects.filter(version=version).order_by("id")
    return rows.select_related("server", "version__project", "artifact", "held_against__project")


def with_live(rows: QuerySet[StagedVersion]) -> QuerySet[StagedVersion]:
    """The rows with `live_version`, the id of the version that is live in their project."""
    live = Deployment.objects.serving().filter(project=OuterRef("version__project"))
    return rows.annotate(live_version=Subquery(live.values("version")[:1]))


def parity_rows(version: ModelVersion, artifact: Artifact | None) -> QuerySet[ParityReport]:
    """Every proof of a version, newest first: on servers, and that of its file, which edited versions share."""
    asked = Q(version=version)
    if artifact is not None:
        asked |= Q(artifact=artifact, server=None, server_version="")
    return ParityReport.objects.filter(asked).select_related("server").order_by("-id")


def build_steps(artifact: Artifact | None) -> list[BuildStep]:
    """How the file was built, in the order of the steps, whichever was found done."""
    if artifact is None:
        return []
    order = BuildStep.Name.values
    return sorted(artifact.build_steps.all(), key=lambda row: order.index(row.name))


def move_under_way(project: Project) -> Deployment | None:
    """The promotion or rollback that is going on now."""
    return history(project).moving().first()


def ever_live(project: Project) -> set[int]:
    """The ids of versions that were live once: those that one can roll back to."""
    return set(Deployment.objects.ever_live().filter(project=project).values_list("version_id", flat=True))


def numbered(project: Project, number: int) -> ModelVersion:
    """The project's version of that number; 404 with a sentence where there is none."""
    version = version_rows(project).filter(number=number).first()
    if version is None:
        raise Http404(f"There is no version {number} in {project.key}.")
    return version
