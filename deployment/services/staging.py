"""Bring built versions onto their project's servers."""

import logging
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deployment.drivers import Artifact, Digests, Driver, DriverError, RefusedError, driver_for
from deployment.drivers.base import Progress
from deployment.models import InferenceServer, ServingPolicy, StagedVersion
from deployment.services.modelfiles import adapter_path, gguf_path, parameters_of, system_of
from deployment.services.parity import prove_on_server
from deployment.services.verdicts import no_verdict
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
    token = leases.claim(
        StagedVersion, staged_id, waiting=[State.WAITING], working=State.STAGING, error="", uploaded_percent=0
    )
    if token is None:
        return
    rows = StagedVersion.objects.select_related("version__spec", "version__project", "version__base", "server")
    staged = rows.get(pk=staged_id)
    try:
        with leases.heartbeat(StagedVersion, staged_id, token):
            digests, problem = _bring(staged, _shown(staged_id, token))
    except (DriverError, OSError) as error:
        # What a server refused once it refuses again; what did not answer is asked again by the sweep.
        retry = staged.attempts < MAX_ATTEMPTS and not isinstance(error, RefusedError)
        leases.finish(StagedVersion, staged_id, token, state=State.WAITING if retry else State.FAILED, error=str(error))
        logger.warning("staging of %s failed (attempt %s): %s", staged, staged.attempts, error)
        return
    if problem:
        leases.finish(StagedVersion, staged_id, token, state=State.FAILED, error=problem)
        logger.error("%s was not staged: %s", staged, problem)
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
            **_verdict_of_other_bytes(staged, digests),
        )
        transaction.on_commit(lambda: _announce(staged_id))
    logger.info("%s staged as %s", staged, staged.tag)


def _shown(staged_id: int, token: UUID) -> Progress:
    """Writes how far an upload is into the row, once per percent, and with it prolongs the lease."""
    known = -1

    def progress(done: int, total: int) -> None:
        nonlocal known
        percent = 100 * done // total if total else 100
        if percent != known:
            known = percent
            leases.renew(StagedVersion, staged_id, token, uploaded_percent=percent)

    return progress


def _bring(staged: StagedVersion, progress: Progress) -> tuple[Digests, str]:
    """Create the tag and prove it there; the digests, and why it must not stay, if anything. Raises `DriverError`."""
    version, driver = staged.version, driver_for(staged.server)
    source = version.base.server_name
    artifact = Artifact(
        path=None if source else gguf_path(version),
        sha256=version.gguf_digest,
        source=source,
        adapter=adapter_path(version),
        system=system_of(version),
        parameters=parameters_of(version),
    )
    seen = driver.probe()
    digests = driver.stage(staged.tag, artifact, progress)
    problem = _other_layer(staged, digests, seen.version)
    if not problem:
        failed = [report for report in prove_on_server(staged) if report.ok is False]
        problem = " ".join(report.sentence for report in failed)
    if problem and not staged.manifest_digest:
        _take_away(driver, staged)
    return digests, problem


def _other_layer(staged: StagedVersion, digests: Digests, server_version: str) -> str:
    """Servers of one kind and release write the same file in the same way; where one did not, a sentence says so."""
    alike = StagedVersion.objects.filter(
        version=staged.version,
        state=State.STAGED,
        uploaded_digest=digests.uploaded,
        server__kind=staged.server.kind,
        server__version=server_version,
    ).exclude(pk=staged.pk)
    for other in alike.exclude(layer_digest__in=["", digests.layer]).select_related("server"):
        return (
            f"{staged.server} serves the layer {digests.layer} and {other.server} {other.layer_digest} of one uploaded "
            "file, though both run the same release. One of them is damaged: look at its disk, then stage again."
        )
    return ""


def _take_away(driver: Driver, staged: StagedVersion) -> None:
    """A tag that was made only to be proven, and failed, does not stay where somebody could ask it."""
    try:
        driver.remove(staged.tag)
    except DriverError as error:
        logger.warning("%s stays on %s, though its proof failed: %s", staged.tag, staged.server, error)


def _verdict_of_other_bytes(staged: StagedVersion, digests: Digests) -> dict[str, Any]:
    """A rebuilt version whose bytes are others has to be judged again."""
    if staged.uploaded_digest in ("", digests.uploaded):
        return {}
    return no_verdict()


def _announce(staged_id: int) -> None:
    version_staged.send(sender=StagedVersion, staged_id=staged_id)
