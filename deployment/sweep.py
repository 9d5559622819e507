"""What beat does: work that the rows say is due, whatever signal was lost."""

import logging

from django.db.models import Model, Q, QuerySet

from common import leases
from common.patience import within
from common.queue import enqueue, remind
from deployment.artifacts.build import wanted_artifact
from deployment.artifacts.retention import removed, retain
from deployment.artifacts.staging import request_staging
from deployment.files import artifacts_of, files_of, is_ours, rows_of
from deployment.models import Artifact, InferenceServer, ModelPull, ServingPolicy, StagedVersion
from deployment.models.formats import GGUF, ONNX, needed_format
from deployment.promotion.recovery import lost_moves
from deployment.servers.availability import unavailable
from deployment.servers.drivers import DriverError, serves
from deployment.servers.health import unseen
from deployment.servers.memory import unload_idle
from deployment.serving.proposals import unproposed
from labeling.models import Project
from training.models import ModelVersion

logger = logging.getLogger(__name__)
# What freeing memory on one server may take.
_SERVER_SECONDS = 20.0
_LEASED: list[tuple[str, type[Model], str]] = [
    ("deployment.stage", StagedVersion, StagedVersion.State.STAGING),
    ("deployment.pull", ModelPull, ModelPull.State.PULLING),
]


def sweep() -> None:
    """Queue what is due everywhere: builds, stagings, pulls, first probes, proposals; free memory and disk."""
    for pull_id in due_pulls():
        enqueue("deployment.pull", pull_id)
    for server_id in unseen().values_list("pk", flat=True):
        enqueue("deployment.probe", server_id)
    for policy in _served():
        sweep_project(policy)
    for server in InferenceServer.objects.filter(is_active=True):
        if unavailable(server):
            continue
        try:
            with within(_SERVER_SECONDS):
                unload_idle(server)
        except DriverError as error:
            logger.warning("%s does not answer: %s", server, error)
    retain()


def reap() -> None:
    """Queue again what lost its worker: moves, builds, stagings, pulls."""
    for deployment_id in lost_moves().values_list("pk", flat=True):
        remind("deployment.resume", deployment_id)
    for artifact in leases.silent(Artifact, Artifact.State.BUILDING):
        remind(artifact.build_task, artifact.pk)
    for task, model, working in _LEASED:
        for pk in leases.silent(model, working).values_list("pk", flat=True):
            remind(task, pk)


def sweep_project(policy: ServingPolicy) -> None:
    """Queue what is due in one project: builds, stagings, proposals."""
    project = policy.project
    for artifact in due_builds(project):
        enqueue(artifact.build_task, artifact.pk)
    for version in due_stagings(policy):
        request_staging(version)
    if unproposed(project):
        enqueue("deployment.propose", project.pk)


def sweep_project_by_id(project_id: int) -> None:
    """The same by the project's id; nothing where it is not served, or archived."""
    for policy in _served().filter(project=project_id):
        sweep_project(policy)


def _served() -> QuerySet[ServingPolicy]:
    rows = ServingPolicy.objects.filter(project__archived_at=None)
    return rows.select_related("project").prefetch_related("servers")


def due_builds(project: Project) -> list[Artifact]:
    """Artifacts that wait to be built, or whose worker fell silent; rows for versions whose news was lost."""
    versions = _versions(project)
    made = artifacts_of(versions)
    for version in versions:
        if version.pk not in made and is_ours(version):
            wanted_artifact(version)
    waits = Q(state=Artifact.State.WAITING) | (Q(state=Artifact.State.BUILDING) & leases.expired())
    return list(rows_of([project.pk]).filter(waits))


def _versions(project: Project) -> list[ModelVersion]:
    return list(ModelVersion.objects.filter(project=project).select_related("project", "base"))


def due_pulls() -> list[int]:
    """Pulls that wait for another try, or whose worker fell silent."""
    waits = Q(state=ModelPull.State.QUEUED) | (Q(state=ModelPull.State.PULLING) & leases.expired())
    return list(ModelPull.objects.filter(waits).values_list("pk", flat=True))


def due_stagings(policy: ServingPolicy) -> list[ModelVersion]:
    """Versions with a built file that some active server of the project does not have yet."""
    due = Q(state=StagedVersion.State.WAITING) | (Q(state=StagedVersion.State.STAGING) & leases.expired())
    standing = StagedVersion.objects.filter(version__project=policy.project_id).exclude(due)
    done = set(standing.values_list("version", "server"))
    active = [server for server in policy.servers.all() if server.is_active]
    able = {format: [server.pk for server in active if serves(server, format)] for format in (GGUF, ONNX)}
    rows = _versions(policy.project)
    versions = [row for row in rows if any((row.pk, server) not in done for server in able[needed_format(row)])]
    files = files_of(versions)
    built = [row for row in versions if files[row.pk].state == Artifact.State.BUILT]
    # What retention removed is brought back by a rebuild only.
    return [row for row in built if not removed(row)]
