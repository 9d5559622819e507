"""What a version is served from: an artifact, which edited versions share, or a model of the servers' catalogues."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from deployment import storage
from deployment.models import Artifact, StagedVersion
from training.models import ModelVersion

State = Artifact.State
UNDER_WAY = (State.WAITING, State.BUILDING)
UNPROVEN = {
    "ok": None,
    "checked": 0,
    "sentence": "Nothing was trained from this model here, so there are no tokens to hold it against; its benchmark "
    "judges it.",
    "first_difference": None,
}


@dataclass(frozen=True)
class VersionFile:
    """How it stands with a version's file; for a catalogue's own model, which nobody builds, what is known of that."""

    artifact: Artifact | None = None
    state: str = State.WAITING
    digest: str = ""
    bytes: int | None = None
    quantization: str = ""
    proof: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def label(self) -> str:
        """The state in words."""
        return str(State(self.state).label)

    @property
    def under_way(self) -> bool:
        """It is still to be built, or being built."""
        return self.state in UNDER_WAY

    @property
    def built(self) -> bool:
        """It is there, for all we know."""
        return self.state == State.BUILT

    @property
    def failed(self) -> bool:
        """Its build failed, and nothing goes on by itself."""
        return self.state == State.FAILED


def artifact_of(version: ModelVersion) -> Artifact | None:
    """The version's artifact; None before there is one, and for a catalogue's own model."""
    return artifacts_of([version]).get(version.pk)


def artifacts_of(versions: Iterable[ModelVersion]) -> dict[int, Artifact]:
    """The artifacts by the ids of their versions, with the same number of queries for many as for one.

    A version has what it is staged as, else what the version has that it is made of, else that of its weights which
    was asked for last: another form, wanted from now on, is for versions that are built from now on.
    """
    wanted = [version for version in versions if is_ours(version)]
    if not wanted:
        return {}
    projects = {version.project_id for version in wanted}
    parents: dict[int, int | None] = {}
    if any(version.derived_from_id for version in wanted):
        parents = dict(ModelVersion.objects.filter(project__in=projects).values_list("pk", "derived_from"))
    staged = StagedVersion.objects.filter(version__project__in=projects).exclude(artifact=None)
    chosen: dict[int, int] = dict(staged.order_by("artifact__wanted_at").values_list("version", "artifact"))
    rows = {row.pk: row for row in rows_of(projects)}
    newest = {row.weights_id: row.pk for row in rows.values()}
    found = {}
    for version in wanted:
        at: int | None = version.pk
        while at is not None and at not in chosen and parents.get(at) is not None:
            at = parents[at]
        pk = None if at is None else chosen.get(at, newest.get(at))
        if pk is not None:
            found[version.pk] = rows[pk]
    return found


def rows_of(projects: Iterable[int]) -> QuerySet[Artifact]:
    """The artifacts of projects, the one that was asked for last at the end."""
    rows = Artifact.objects.filter(weights__project__in=projects).select_related("weights__project")
    return rows.order_by("wanted_at", "id")


def is_ours(version: ModelVersion) -> bool:
    """Its file is built here: it is no catalogue's own model."""
    return not version.base.server_name


def file_of(version: ModelVersion) -> VersionFile:
    """How it stands with the version's file."""
    return files_of([version])[version.pk]


def file_on(staged: StagedVersion) -> VersionFile:
    """The same of where a version stands, from the row alone."""
    return _served(staged.version) or _built(staged.artifact)


def files_of(versions: Iterable[ModelVersion]) -> dict[int, VersionFile]:
    """The same by the ids of many versions."""
    rows = list(versions)
    made = artifacts_of(rows)
    return {version.pk: _served(version) or _built(made.get(version.pk)) for version in rows}


def _served(version: ModelVersion) -> VersionFile | None:
    base = version.base
    if not base.server_name:
        return None
    size, form = base.served_bytes, base.served_form
    return VersionFile(None, State.BUILT, base.revision, size, form, UNPROVEN)


def _built(row: Artifact | None) -> VersionFile:
    if row is None:
        return VersionFile()
    return VersionFile(row, row.state, row.digest, row.bytes, row.quantization, row.proof, row.error)


def is_lost(artifact: Artifact | None) -> bool:
    """It was built and not removed, and its file is not in the storage any more, or not whole."""
    if artifact is None or artifact.state != State.BUILT:
        return False
    adapter = artifact.adapter_path
    return not storage.holds(artifact.path, artifact.bytes) or bool(adapter and not storage.holds(adapter))
