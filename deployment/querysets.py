"""What pages, API and admin ask of this floor's rows, each spelled once and without a query per row."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import OuterRef, QuerySet, Subquery

from deployment.models import BuildStep, Deployment, ParityReport, StagedVersion
from deployment.services.live import MOVING, SERVING
from deployment.services.standing import Reason, nowhere
from deployment.services.verdicts import staleness
from labeling.models import Project
from training.models import ModelVersion

_BUSY_STAGING = (StagedVersion.State.WAITING, StagedVersion.State.STAGING)
_BUSY_BUILD = (ModelVersion.State.TRAINED, ModelVersion.State.BUILDING)


@dataclass
class Candidate:
    """A version, where it stands, and what the gate said of it there."""

    version: ModelVersion
    staged: list[StagedVersion] = field(default_factory=list)
    disk: int = 0
    live: ModelVersion | None = None
    nowhere: Reason | None = None

    @property
    def ready(self) -> bool:
        """It stands on a server, so it can be promoted."""
        return any(row.state == StagedVersion.State.STAGED for row in self.staged)

    @property
    def judged(self) -> StagedVersion | None:
        """The row with the verdict, if any."""
        return next((row for row in self.staged if row.verdict), None)

    @property
    def stale(self) -> str:
        """Why its pass says nothing about what is live now; empty where it does, or there is none."""
        return staleness(self.judged, self.live) if self.judged else ""

    @property
    def moving(self) -> bool:
        """Something is still to happen by itself: a build, a staging, a verdict."""
        busy = self.version.state in _BUSY_BUILD or any(row.state in _BUSY_STAGING for row in self.staged)
        return busy or (self.ready and self.judged is None)


def history(project: Project) -> QuerySet[Deployment]:
    """Every attempt, newest first, failures too."""
    rows = Deployment.objects.filter(project=project).order_by("-id")
    return rows.select_related("project", "version__project", "previous__project", "actor")


def version_rows(project: Project) -> QuerySet[ModelVersion]:
    """The project's versions with their lineage, newest first."""
    rows = ModelVersion.objects.filter(project=project).order_by("-number")
    return rows.select_related("project", "base", "spec", "run__snapshot", "derived_from__project", "made_by")


def staged_rows(version: ModelVersion) -> QuerySet[StagedVersion]:
    """Where a version stands or is brought to."""
    rows = StagedVersion.objects.filter(version=version).order_by("id")
    return rows.select_related("server", "version__project", "held_against__project")


def with_live(rows: QuerySet[StagedVersion]) -> QuerySet[StagedVersion]:
    """The rows with `live_version`, the id of the version that is live in their project."""
    live = Deployment.objects.filter(project=OuterRef("version__project"), state__in=SERVING).order_by("-id")
    return rows.annotate(live_version=Subquery(live.values("version")[:1]))


def parity_rows(version: ModelVersion) -> QuerySet[ParityReport]:
    """Every proof of a version, newest first."""
    return ParityReport.objects.filter(version=version).select_related("server").order_by("-id")


def build_steps(version: ModelVersion) -> list[BuildStep]:
    """How the version was built, in the order of the steps, whichever was found done."""
    order = BuildStep.Name.values
    return sorted(BuildStep.objects.filter(version=version), key=lambda row: order.index(row.name))


def candidates(project: Project, limit: int, live: ModelVersion | None) -> list[Candidate]:
    """The newest `limit` versions and where they stand beside the live one."""
    found = [Candidate(version, live=live) for version in version_rows(project)[:limit]]
    staged = StagedVersion.objects.filter(version__in=[each.version for each in found])
    staged = staged.select_related("server", "version__project", "held_against__project")
    by_version: dict[int, list[StagedVersion]] = defaultdict(list)
    for row in staged.order_by("id"):
        by_version[row.version_id].append(row)
    reasons = nowhere(project, [each.version for each in found], by_version)
    for each in found:
        each.staged, each.nowhere = by_version[each.version.pk], reasons.get(each.version.pk)
    return found


def move_under_way(project: Project) -> Deployment | None:
    """The promotion or rollback that is going on now."""
    return history(project).filter(state__in=MOVING).first()


def ever_live(project: Project) -> set[int]:
    """The ids of versions that were live once: those that one can roll back to."""
    return set(Deployment.objects.filter(project=project, live_at__isnull=False).values_list("version_id", flat=True))
