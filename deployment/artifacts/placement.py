"""Why a version stands on no server that could serve it, and what there is to mend."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse

from deployment.artifacts.retention import removed
from deployment.files import VersionFile, files_of
from deployment.models import Artifact, InferenceServer, ServingPolicy, StagedVersion
from deployment.models.formats import FORMATS, needed_format
from deployment.servers.drivers import serves
from labeling.models import Project
from training.models import ModelVersion
from training.workers import queue_is_alive

State = StagedVersion.State
NO_WORKER = "No worker on the queue build is alive; start one: celery -A config worker -Q build."
NO_HEADS_WORKER = "No worker on the queue heads is alive; start one: celery -A config worker -Q heads."


@dataclass(frozen=True)
class Reason:
    """One sentence, and the page where that is mended.

    `for_staff`: it is a page of the admin, or of the servers; `for_managers`: of the project's settings.
    """

    sentence: str
    link: str = ""
    view: str = ""
    args: tuple[Any, ...] = ()
    for_staff: bool = False
    for_managers: bool = False

    @property
    def href(self) -> str:
        """Where it is mended; empty where nothing but waiting helps."""
        return reverse(self.view, args=self.args) if self.view else ""


def nowhere(
    project: Project,
    versions: Iterable[ModelVersion],
    staged: Mapping[int, list[StagedVersion]] | None = None,
    files: Mapping[int, VersionFile] | None = None,
) -> dict[int, Reason]:
    """The reason by id, for those of the project's `versions` that stand on none of its active servers.

    What is on its way is not named, unless the worker that would bring it is missing. `staged`: the rows by version,
    and `files`: how it stands with their files, where the caller has read them.
    """
    wanted = list(versions)
    if not wanted:
        return {}
    policy = ServingPolicy.of(project)
    servers = list(policy.servers.order_by("name")) if policy else []
    rows = _rows_of(wanted) if staged is None else staged
    asks = _Question(policy, servers, files_of(wanted) if files is None else files)
    found = {version.pk: asks.why(version, rows.get(version.pk, [])) for version in wanted}
    return {pk: reason for pk, reason in found.items() if reason is not None}


def _rows_of(versions: list[ModelVersion]) -> dict[int, list[StagedVersion]]:
    rows: dict[int, list[StagedVersion]] = defaultdict(list)
    for row in StagedVersion.objects.filter(version__in=versions).select_related("server").order_by("id"):
        rows[row.version_id].append(row)
    return rows


def why_nowhere(version: ModelVersion) -> Reason | None:
    """The same for one version."""
    return nowhere(version.project, [version]).get(version.pk)


@dataclass(frozen=True)
class _Question:
    """What is the same for all versions of a project, read once."""

    policy: ServingPolicy | None
    servers: list[InferenceServer]
    files: Mapping[int, VersionFile]

    @cached_property
    def active(self) -> dict[int, InferenceServer]:
        return {server.pk: server for server in self.servers if server.is_active}

    @cached_property
    def builder_is_alive(self) -> bool:
        return queue_is_alive("build")

    def why(self, version: ModelVersion, rows: list[StagedVersion]) -> Reason | None:
        """The first reason that holds; None where it stands, or is on its way."""
        if any(row.state == State.STAGED and row.server_id in self.active for row in rows):
            return None
        return (
            self._not_built(version, rows)
            or self._nobody_serves(version)
            or self._none_is_able(version)
            or self._not_brought(version, rows)
        )

    def _not_built(self, version: ModelVersion, rows: list[StagedVersion]) -> Reason | None:
        file = self.files[version.pk]
        if file.state == Artifact.State.FAILED:
            return _on_its_page(version, f"Its build failed: {_last_line(file.error)}")
        if self._may_be_removed(file, rows) and (gone := removed(version)):
            return _on_its_page(version, gone)
        if file.state == Artifact.State.WAITING and version.is_head:
            return None if queue_is_alive("heads") else Reason(f"It waits to be built. {NO_HEADS_WORKER}")
        if file.state == Artifact.State.WAITING and not self.builder_is_alive:
            return Reason(f"It waits to be built. {NO_WORKER}")
        return None

    def _may_be_removed(self, file: VersionFile, rows: list[StagedVersion]) -> bool:
        """Looked at before the question that costs queries is asked for each version."""
        return file.state == Artifact.State.REMOVED or any(row.state == State.REMOVED for row in rows)

    def _nobody_serves(self, version: ModelVersion) -> Reason | None:
        if self.policy is None:
            sentence = "The project has no serving policy, so nothing says where it is served."
            return _in_the_settings(version, sentence, "Make one")
        if not self.servers and not InferenceServer.objects.exists():
            add = "admin:deployment_inferenceserver_add"
            return Reason("There is no model server yet.", "Add one", add, for_staff=True)
        if not self.servers:
            return _in_the_settings(version, "The project's serving policy names no server.", "Choose one")
        if not self.active:
            names, verb = _listed(self.servers), "is" if len(self.servers) == 1 else "are"
            change = "admin:deployment_inferenceserver_change"
            return Reason(f"{names} {verb} not active.", "Settings", change, (self.servers[0].pk,), for_staff=True)
        return None

    def _none_is_able(self, version: ModelVersion) -> Reason | None:
        format, servers = needed_format(version), list(self.active.values())
        if self.policy is None or any(serves(server, format) for server in servers):
            return None
        return _in_the_settings(
            version,
            f"{cannot_serve(version, servers)} Have the project served from the server of the kind “local”, which "
            "comes with Touchstone: choose it in the serving policy.",
            "The serving policy",
        )

    def _not_brought(self, version: ModelVersion, rows: list[StagedVersion]) -> Reason | None:
        if self.files[version.pk].state != Artifact.State.BUILT:
            return None  # it is being built
        here = [row for row in rows if row.server_id in self.active]
        for row in here:
            if row.state == State.FAILED:
                return _on_its_page(version, f"{row.server} did not take it: {_last_line(row.error)}")
        for server in self.active.values():
            if server.error:
                sentence = f"{server} does not answer: {_last_line(server.error)}"
                return Reason(sentence, "The server", "deployment:server", (server.name,), for_staff=True)
        for row in here:
            if row.state == State.WAITING and row.error:
                return Reason(f"{row.server} did not take it yet and is asked again: {_last_line(row.error)}")
        if not self.builder_is_alive:
            return Reason(f"It waits to be brought to {_listed(self.active.values())}. {NO_WORKER}")
        return None  # it is being brought there


def cannot_serve(version: ModelVersion, servers: Iterable[InferenceServer]) -> str:
    """That these servers cannot serve the version, in a sentence that names their kinds."""
    told = " and ".join(f"{server.name} ({server.get_kind_display()})" for server in servers)
    return f"{told} cannot serve {version}, a file of the form “{FORMATS[needed_format(version)]}”."


def _listed(servers: Iterable[InferenceServer]) -> str:
    return " and ".join(server.name for server in servers)


def _in_the_settings(version: ModelVersion, sentence: str, link: str) -> Reason:
    return Reason(sentence, link, "labeling:settings_of", (version.project.key, "serving"), for_managers=True)


def _on_its_page(version: ModelVersion, sentence: str) -> Reason:
    return Reason(sentence, "Its page", "deployment:version", (version.project.key, version.number))


def _last_line(error: str) -> str:
    """Errors of tools are many lines; the last one names the cause."""
    lines = error.strip().splitlines() or ["no reason was kept"]
    return lines[-1].strip()[:300]
