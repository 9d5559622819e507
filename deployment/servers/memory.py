"""What is in a server's memory, told in versions: servers name a runner by the tag that it was loaded by."""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from common.alone import alone
from common.queue import enqueue
from deployment.models import Deployment, InferenceServer, StagedVersion
from deployment.models.querysets import NEEDED
from deployment.servers.drivers import Driver, DriverError, SlowError, driver_for
from deployment.servers.drivers.said import LoadedModel

logger = logging.getLogger(__name__)


def load(server_id: int, tag: str) -> None:
    """On a worker: have a model in memory, however long that takes; one at a time on each server."""
    with alone(f"load on {server_id}") as mine:
        server = InferenceServer.objects.filter(pk=server_id, is_active=True).first()
        if not mine or server is None:
            return
        try:
            driver_for(server).load(tag)
        except DriverError as error:
            logger.warning("%s could not load %s: %s", server, tag, error)


def load_or_send(server: InferenceServer, tag: str) -> bool:
    """Have a model in memory now; where that takes longer than whoever asks may wait, send a worker, and say False."""
    try:
        driver_for(server).load(tag)
    except SlowError:
        enqueue("deployment.load", server.pk, tag)
        return False
    return True


def has_in_memory(
    driver: Driver,
    staged: StagedVersion,
    loaded: Iterable[LoadedModel],
    sharing: Sequence[StagedVersion] | None = None,
) -> bool:
    """A request to the staged version finds its weights loaded. `sharing`: its twins, where they are known."""
    sharing = twins(driver, staged) if sharing is None else sharing
    names = {staged.tag, *(row.tag for row in sharing)}
    digests = {row.manifest_digest for row in sharing} - {""}
    return any(model.tag in names or (driver.shares_runners and model.digest in digests) for model in loaded)


def twins(driver: Driver, staged: StagedVersion) -> list[StagedVersion]:
    """The versions on the server that share a runner with this one, itself among them."""
    if not (driver.shares_runners and staged.layer_digest):
        return [staged]
    rows = StagedVersion.objects.filter(server=staged.server, layer_digest=staged.layer_digest)
    return list(rows.kept().select_related("version__project"))


def unload_idle(server: InferenceServer) -> list[str]:
    """Free the memory of versions that nobody asks: neither live, nor live just before, nor on their way to it,
    nor left under an alias."""
    here = StagedVersion.objects.filter(server=server)
    keep = set(here.with_an_alias_left(NEEDED).values_list("tag", flat=True))
    rows = Deployment.objects.needed()
    for deployment in rows.select_related("version__project", "previous__project", "project__serving_policy"):
        keep.add(deployment.version.server_tag)
        if deployment.previous and _may_roll_back_soon(deployment):
            keep.add(deployment.previous.server_tag)
    driver, judged = driver_for(server), here.exclude(verdict="")
    if driver.shares_runners:
        layers = here.filter(tag__in=keep).exclude(layer_digest="")
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
