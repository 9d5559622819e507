"""What beat does: work that the rows say is due, whatever signal was lost."""

import logging
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from deployment.drivers import DriverError, driver_for
from deployment.models import Deployment, InferenceServer, ModelPull, ServingPolicy, StagedVersion
from deployment.services.live import MOVING, live_version, staged_on_servers
from deployment.services.proposals import unproposed
from deployment.services.recovery import lost_moves
from deployment.services.retention import removed, retain
from deployment.services.staging import request_staging
from labeling.access import Right, require
from labeling.models import Project, User
from labeling.problems import UnavailableError
from training.models import ModelVersion

logger = logging.getLogger(__name__)


def sweep() -> None:
    """Queue what is due: lost moves, builds, stagings, pulls, proposals; free memory and disk."""
    from deployment.tasks import build, propose_next, pull, resume

    for deployment_id in lost_moves().values_list("pk", flat=True):
        resume.delay(deployment_id)
    for version_id in due_builds().values_list("pk", flat=True):
        build.delay(version_id)
    for version in due_stagings():
        request_staging(version)
    for pull_id in due_pulls():
        pull.delay(pull_id)
    for server in InferenceServer.objects.filter(is_active=True):
        try:
            unload_idle(server)
        except DriverError as error:
            logger.warning("%s does not answer: %s", server, error)
    retain()
    for policy in ServingPolicy.objects.filter(project__archived_at=None).select_related("project"):
        if unproposed(policy.project):
            propose_next.delay(policy.project_id)


def due_builds() -> QuerySet[ModelVersion]:
    """Trained versions without a GGUF, and builds whose worker fell silent, in projects that are served."""
    now = timezone.now()
    waits = Q(state=ModelVersion.State.TRAINED) | Q(state=ModelVersion.State.BUILDING, lease_until__lt=now)
    return ModelVersion.objects.filter(waits, project__serving_policy__isnull=False, project__archived_at=None)


def due_pulls() -> list[int]:
    """Pulls that wait for another try, or whose worker fell silent."""
    waits = Q(state=ModelPull.State.QUEUED) | Q(state=ModelPull.State.PULLING, lease_until__lt=timezone.now())
    return list(ModelPull.objects.filter(waits).values_list("pk", flat=True))


def due_stagings() -> list[ModelVersion]:
    """Built versions that some active server of their project does not have yet."""
    found = []
    for policy in ServingPolicy.objects.filter(project__archived_at=None).prefetch_related("servers"):
        servers = [server for server in policy.servers.all() if server.is_active]
        for server in servers:
            done = StagedVersion.objects.filter(version=OuterRef("pk"), server=server).exclude(
                Q(state=StagedVersion.State.WAITING)
                | Q(state=StagedVersion.State.STAGING, lease_until__lt=timezone.now())
            )
            built = ModelVersion.objects.filter(project=policy.project_id, state=ModelVersion.State.BUILT)
            # What retention removed is brought back by a rebuild only.
            versions = built.exclude(gguf_path="", base__server_name="").filter(~Exists(done))
            found += [row for row in versions.select_related("project", "base") if not removed(row)]
    return found


def reload_serving(user: User | None, project: Project) -> dict[str, object]:
    """Look again at what should be served: load the live version on its servers and queue what is due. No downtime.

    Raises `UnavailableError` where a server does not answer.
    """
    require(user, project, Right.OPERATE)
    version = live_version(project)
    loaded = []
    if version is not None:
        for staged in staged_on_servers(version):
            try:
                driver_for(staged.server).load(staged.tag)
            except DriverError as error:
                raise UnavailableError(f"{staged.server} could not load {staged.tag}: {error}") from error
            loaded.append(staged.server.name)
    sweep()
    newest = ModelVersion.objects.filter(project=project).order_by("-number").first()
    return {"live": version.tag if version else None, "newest": newest.tag if newest else None, "loaded_on": loaded}


def unload_idle(server: InferenceServer) -> list[str]:
    """Free the memory of versions that nobody asks: neither live, nor live just before, nor on their way to it."""
    keep = set()
    rows = Deployment.objects.filter(state__in=(*MOVING, Deployment.State.LIVE))
    for deployment in rows.select_related("version__project", "previous__project", "project__serving_policy"):
        keep.add(deployment.version.server_tag)
        if deployment.previous and _may_roll_back_soon(deployment):
            keep.add(deployment.previous.server_tag)
    driver, judged = driver_for(server), StagedVersion.objects.filter(server=server).exclude(verdict="")
    if driver.shares_runners:
        layers = StagedVersion.objects.filter(server=server, tag__in=keep).exclude(layer_digest="")
        judged = judged.exclude(layer_digest__in=layers.values("layer_digest"))
    ours = set(judged.values_list("tag", flat=True)) - keep
    idle = [entry.tag for entry in driver.catalogue() if entry.loaded and entry.tag in ours]
    for tag in idle:
        driver.unload(tag)
    return idle


def _may_roll_back_soon(deployment: Deployment) -> bool:
    """A rollback within the policy's minutes finds the version before still loaded."""
    policy = getattr(deployment.project, "serving_policy", None)
    if policy is None or deployment.live_at is None:
        return True
    return deployment.live_at + timedelta(minutes=policy.rollback_minutes) > timezone.now()
