"""Bring built versions onto their project's servers."""

import logging

from django.db import transaction
from django.utils import timezone

from deployment.drivers import Artifact, DriverError, RefusedError, driver_for
from deployment.models import InferenceServer, ServingPolicy, StagedVersion
from deployment.services.modelfiles import gguf_path, parameters_of, system_of
from deployment.signals import version_staged
from labeling import leases
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = StagedVersion.State
MAX_ATTEMPTS = 4


def servers_for(version: ModelVersion) -> list[InferenceServer]:
    """The active servers that the version's project is served from."""
    policy = ServingPolicy.objects.filter(project=version.project_id).first()
    return list(policy.servers.filter(is_active=True)) if policy else []


def request_staging(version: ModelVersion) -> list[StagedVersion]:
    """A row per server for a built version, and the message for those that wait."""
    from deployment.tasks import stage_version

    rows = []
    for server in servers_for(version):
        staged, _ = StagedVersion.objects.get_or_create(
            version=version, server=server, defaults={"tag": version.server_tag}
        )
        if staged.state == State.WAITING:
            stage_version.delay_on_commit(staged.pk)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask
        rows.append(staged)
    return rows


def stage(staged_id: int) -> None:
    """Upload, create under the immutable tag, and announce. Returns quietly where another worker is at it."""
    token = leases.claim(StagedVersion, staged_id, waiting=[State.WAITING], working=State.STAGING, error="")
    if token is None:
        return
    staged = StagedVersion.objects.select_related("version__spec", "version__project", "server").get(pk=staged_id)
    version = staged.version
    artifact = Artifact(
        path=gguf_path(version),
        sha256=version.gguf_digest,
        system=system_of(version),
        parameters=parameters_of(version),
    )
    try:
        with leases.heartbeat(StagedVersion, staged_id, token):
            driver = driver_for(staged.server)
            driver.probe()
            digests = driver.stage(staged.tag, artifact)
    except (DriverError, OSError) as error:
        # What a server refused once it refuses again; what did not answer is asked again by the sweep.
        retry = staged.attempts < MAX_ATTEMPTS and not isinstance(error, RefusedError)
        leases.finish(StagedVersion, staged_id, token, state=State.WAITING if retry else State.FAILED, error=str(error))
        logger.warning("staging of %s failed (attempt %s): %s", staged, staged.attempts, error)
        return
    with transaction.atomic():
        leases.finish(
            StagedVersion,
            staged_id,
            token,
            state=State.STAGED,
            staged_at=timezone.now(),
            uploaded_digest=digests.uploaded,
            layer_digest=digests.layer,
            manifest_digest=digests.manifest,
        )
        transaction.on_commit(lambda: _announce(staged_id))
    logger.info("%s staged as %s", staged, staged.tag)


def _announce(staged_id: int) -> None:
    version_staged.send(sender=StagedVersion, staged_id=staged_id)
