"""Bring built versions onto their project's servers."""

import logging
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from common import actor as actors
from common import leases
from common.actor import Actor
from common.queue import enqueue
from deployment.artifacts.modelfiles import parameters_of, system_of
from deployment.artifacts.parity import prove_on_server
from deployment.artifacts.verdicts import no_verdict
from deployment.files import UNDER_WAY, artifact_of
from deployment.models import Artifact, InferenceServer, ServingPolicy, StagedVersion
from deployment.models.formats import needed_format
from deployment.servers.drivers import Content, Digests, Driver, DriverError, RefusedError, driver_for, serves
from deployment.servers.drivers.base import Progress
from deployment.signals import version_staged
from labeling.services import events
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = StagedVersion.State
MAX_ATTEMPTS = 4
_STAGING = actors.system("staging")


def servers_for(version: ModelVersion) -> list[InferenceServer]:
    """The active servers that the version's project is served from, and that can serve it."""
    policy = ServingPolicy.of(version.project_id)
    active = policy.active_servers() if policy else []
    return [server for server in active if serves(server, needed_format(version))]


def request_staging(version: ModelVersion) -> list[StagedVersion]:
    """A row per server for a version whose file is built, and the message for those that wait."""
    artifact = artifact_of(version)
    rows = []
    for server in servers_for(version):
        with transaction.atomic():
            staged, created = StagedVersion.objects.get_or_create(
                version=version, server=server, defaults={"tag": version.server_tag, "artifact": artifact}
            )
            if created:
                after = {"server": server.uid, "tag": staged.tag}
                events.record(_STAGING, "version.staging_requested", version, after=after)
        if staged.state == State.WAITING:
            enqueue("deployment.stage", staged.pk)
        rows.append(staged)
    return rows


def send_waiting(artifact: Artifact) -> None:
    """The messages for all rows that waited for this file: edited versions share it."""
    for pk in StagedVersion.objects.filter(artifact=artifact, state=State.WAITING).values_list("pk", flat=True):
        enqueue("deployment.stage", pk)


def stage_again(actor: Actor, staged: StagedVersion) -> None:
    """Bring a version once more to a server that lost it or cannot load it."""
    with transaction.atomic():
        StagedVersion.objects.filter(pk=staged.pk).update(state=State.WAITING, attempts=0, error="")
        after = {"server": staged.server.uid, "tag": staged.tag}
        events.record(actor, "version.staging_requested", staged.version, before={"state": staged.state}, after=after)
        enqueue("deployment.stage", staged.pk)


def stage(staged_id: int) -> None:
    """Upload, create under the immutable tag, and announce.

    Returns quietly where another worker is at it, and where the file is still to be built, which ends in another call.
    """
    if StagedVersion.objects.filter(pk=staged_id, artifact__state__in=UNDER_WAY).exists():
        return
    token = leases.claim(
        StagedVersion, staged_id, waiting=[State.WAITING], working=State.STAGING, error="", uploaded_percent=0
    )
    if token is None:
        return
    version = ("version__base", "version__spec", "version__project")
    staged = StagedVersion.objects.select_related("artifact", "server", *version).get(pk=staged_id)
    try:
        with leases.heartbeat(StagedVersion, staged_id, token):
            digests, problem = _bring(staged, _shown(staged_id, token))
    except (DriverError, OSError) as error:
        # What a server refused once it refuses again; what did not answer is asked again by the sweep.
        retry = staged.attempts < MAX_ATTEMPTS and not isinstance(error, RefusedError)
        _failed(staged, token, State.WAITING if retry else State.FAILED, str(error))
        logger.warning("staging of %s failed (attempt %s): %s", staged, staged.attempts, error)
        return
    if problem:
        _failed(staged, token, State.FAILED, problem)
        logger.error("%s was not staged: %s", staged, problem)
        return
    _stands(staged, token, digests)
    logger.info("%s staged as %s", staged, staged.tag)


@transaction.atomic
def _stands(staged: StagedVersion, token: UUID, digests: Digests) -> None:
    leases.finish(
        StagedVersion,
        staged.pk,
        token,
        state=State.STAGED,
        staged_at=timezone.now(),
        uploaded_digest=digests.uploaded,
        layer_digest=digests.layer,
        manifest_digest=digests.manifest,
        **_verdict_of_other_bytes(staged, digests),
    )
    after = {"server": staged.server.uid, "tag": staged.tag, "manifest_digest": digests.manifest}
    events.record(_STAGING, "version.staged", staged.version, after=after)
    transaction.on_commit(lambda: _announce(staged.pk))


@transaction.atomic
def _failed(staged: StagedVersion, token: UUID, state: str, error: str) -> None:
    leases.finish(StagedVersion, staged.pk, token, state=state, error=error)
    after = {"server": staged.server.uid, "state": state, "attempts": staged.attempts}
    events.record(_STAGING, "version.staging_failed", staged.version, after=after)


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
    driver = driver_for(staged.server)
    seen = driver.probe()
    digests = driver.stage(staged.tag, content_of(staged), progress)
    problem = _other_layer(staged, digests, seen.version)
    if not problem:
        failed = [report for report in prove_on_server(staged) if report.ok is False]
        problem = " ".join(report.sentence for report in failed)
    if problem and not staged.manifest_digest:
        _take_away(driver, staged)
    return digests, problem


def content_of(staged: StagedVersion) -> Content:
    """What its tag is made of."""
    version, artifact = staged.version, staged.artifact
    asked: dict[str, Any] = {"system": system_of(version), "parameters": parameters_of(version)}
    if artifact is None:
        return Content("", version.base.revision, source=version.base.server_name, **asked)
    return Content(artifact.path, artifact.digest, artifact.format, adapter=artifact.adapter_path, **asked)


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
