"""Versions that could go live, each with where it stands and what the gate said of it there."""

from collections import defaultdict
from dataclasses import dataclass, field

from deployment.artifacts.placement import Reason, nowhere
from deployment.artifacts.verdicts import staleness
from deployment.files import VersionFile, files_of
from deployment.models import Deployment, StagedVersion
from deployment.queries import version_rows
from labeling.models import Project
from training.models import ModelVersion

_BUSY_STAGING = (StagedVersion.State.WAITING, StagedVersion.State.STAGING)


@dataclass
class Candidate:
    """A version, where it stands, and what the gate said of it there. `left_on`: servers where the alias stays with it,
    as they cannot serve what is live.
    """

    version: ModelVersion
    file: VersionFile
    staged: list[StagedVersion] = field(default_factory=list)
    disk: int = 0
    live: ModelVersion | None = None
    left_on: list[str] = field(default_factory=list)
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
    def awaits(self) -> str:
        """What is still to happen by itself, in words: a build, a staging, a verdict. Empty where nothing is."""
        if self.file.under_way:
            return f"Its file is still to come: {self.file.label.lower()}."
        coming = [str(row.server) for row in self.staged if row.state in _BUSY_STAGING]
        if coming:
            return f"It is on its way to {', '.join(coming)}."
        return "Its benchmark is still to come." if self.ready and self.judged is None else ""

    @property
    def moving(self) -> bool:
        """Something is still to happen by itself."""
        return bool(self.awaits)


def candidate(version: ModelVersion, file: VersionFile, live: Deployment | None) -> Candidate:
    """A version beside what is live."""
    left_on = [server for server, model in live.stays.items() if model == version.tag] if live else []
    return Candidate(version, file, live=live.version if live else None, left_on=left_on)


def candidates(project: Project, limit: int, live: Deployment | None) -> list[Candidate]:
    """The newest `limit` versions and where they stand beside the live one."""
    versions = list(version_rows(project)[:limit])
    files = files_of(versions)
    found = [candidate(version, files[version.pk], live) for version in versions]
    staged = StagedVersion.objects.filter(version__in=versions)
    staged = staged.select_related("server", "version__project", "held_against__project")
    by_version: dict[int, list[StagedVersion]] = defaultdict(list)
    for row in staged.order_by("id"):
        by_version[row.version_id].append(row)
    reasons = nowhere(project, versions, by_version, files)
    for each in found:
        each.staged, each.nowhere = by_version[each.version.pk], reasons.get(each.version.pk)
    return found
