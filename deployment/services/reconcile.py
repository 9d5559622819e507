"""Beat: does what is served agree with our rows? Found is kept and offered.

Mended by itself is only what no person did: a version thrown out of memory, an alias left broken by a kill.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from deployment.drivers import Driver, DriverError, NotThereError, driver_for
from deployment.models import Deployment, Finding, InferenceServer, StagedVersion
from deployment.services.findings import close, report
from deployment.services.live import MOVING, live_deployment, staged_on_servers
from deployment.services.memory import has_in_memory
from deployment.services.moving import lock
from deployment.services.parity import prove_on_server
from labeling.models import Project

logger = logging.getLogger(__name__)
Kind = Finding.Kind
# A server that throws the version out again and again is told of once in a while.
_QUIET = timedelta(minutes=10)


def reconcile() -> int:
    """Look at every live version on each of its servers; the number of looks that found something.

    A project whose live version is just being moved is left alone: what is seen then is half of a move.
    """
    live = Deployment.objects.filter(state=Deployment.State.LIVE).select_related("project", "version__project")
    moving = set(Deployment.objects.filter(state__in=MOVING).values_list("project_id", flat=True))
    found = 0
    for deployment in live.filter(project__archived_at=None):
        if deployment.project_id in moving:
            continue
        for staged in staged_on_servers(deployment.version):
            try:
                found += _look(deployment.project, staged)
            except DriverError as error:
                logger.warning("%s cannot be looked at now: %s", staged, error)
    return found


def look_for_upgrades() -> int:
    """Beat: servers that run another release than when they were last asked; what is live there is proven again."""
    from deployment.tasks import prove_again

    upgraded = 0
    for server in InferenceServer.objects.filter(is_active=True):
        try:
            now = driver_for(server).probe().version
        except DriverError:
            continue
        # By conditional update, so that of two looks at once only one sends the work.
        seen = InferenceServer.objects.filter(pk=server.pk, version=server.version).exclude(version=now)
        if not seen.update(version=now) or not server.version:
            continue
        upgraded += 1
        logger.warning("%s went from %s to %s", server, server.version, now)
        for staged in StagedVersion.objects.filter(server=server, version__deployments__state=Deployment.State.LIVE):
            prove_again.delay(staged.pk, server.version, now)
    return upgraded


def prove_again(staged_id: int, before: str, after: str) -> None:
    """After a server's upgrade: does it still serve what was trained? The finding says so either way."""
    rows = StagedVersion.objects.select_related("server", "version__project", "version__spec")
    staged = rows.get(pk=staged_id)
    what = f"{staged.server} went from {before} to {after}"
    try:
        failed = [row.sentence for row in prove_on_server(staged) if row.ok is False]
    except (DriverError, OSError) as error:
        failed = [f"the proof could not be made: {error}"]
    if failed:
        sentence = f"{what}, and what it serves of {staged.version} is no longer proven: {' '.join(failed)}"
    else:
        sentence = f"{what}; {staged.version} is proven there again."
    project, version = staged.version.project, staged.version
    report(project, version, Kind.UPGRADED, sentence, server=staged.server, found=after, mended=not failed)


def _look(project: Project, staged: StagedVersion) -> bool:
    driver = driver_for(staged.server)
    digest = driver.digest_of(staged.tag)
    seen = _of_the_tag(staged, digest)
    _settle(project, staged, Kind.TAG_GONE, seen if not digest else "", "")
    _settle(project, staged, Kind.CONTENT, seen if digest else "", digest)
    if seen:
        return True
    warmed = _keep_loaded(project, staged, driver)
    proof = driver.prove(project.key, staged.tag)
    if not proof.ok and driver.unreadable(project.key) and _heal(project, staged, driver):
        return True
    moved = "" if proof.ok else f"On {staged.server}: {proof.sentence}"
    _settle(project, staged, Kind.ALIAS, moved, proof.digest)
    return warmed or bool(moved)


def _of_the_tag(staged: StagedVersion, digest: str) -> str:
    if not digest:
        return f"{staged.tag} is gone from {staged.server}: somebody deleted it. Requests to it fail there."
    if staged.manifest_digest and digest != staged.manifest_digest:
        return f"{staged.tag} on {staged.server} holds something else than was staged: {digest[:19]}."
    return ""


def _settle(project: Project, staged: StagedVersion, kind: str, sentence: str, found: str) -> None:
    """Open what is so, close what is no longer so."""
    if sentence:
        if report(project, staged.version, kind, sentence, server=staged.server, found=found):
            logger.warning("%s", sentence)
    else:
        close(project, staged.version, kind, Finding.State.GONE, server=staged.server)


def _heal(project: Project, staged: StagedVersion, driver: Driver) -> bool:
    """Copy over an alias that nobody can read: no person did that, so nobody is asked. False where a move is at it."""
    with transaction.atomic():
        lock(project)
        live = live_deployment(project)
        if live is None or live.state != Deployment.State.LIVE or live.version_id != staged.version_id:
            return False
        driver.move(project.key, staged.tag)
        proof = driver.prove(project.key, staged.tag)
        sentence = (
            f"On {staged.server} the alias {project.key} could not be read (the server was killed while it was moved); "
            f"led to {staged.version} again: {proof.sentence}."
        )
        _settle(project, staged, Kind.ALIAS, "" if proof.ok else sentence, proof.digest)
        if proof.ok:
            report(project, staged.version, Kind.ALIAS, sentence, server=staged.server, mended=True)
    logger.warning("%s", sentence)
    return True


def _keep_loaded(project: Project, staged: StagedVersion, driver: Driver) -> bool:
    """Load the live version again after a restart or an eviction, before a request has to wait for it."""
    if has_in_memory(driver, staged, driver.measure().loaded):
        return False
    try:
        driver.load(staged.tag)
    except NotThereError:
        return False  # gone between the two looks; the next one says so
    recent = Finding.objects.filter(
        project=project,
        server=staged.server,
        version=staged.version,
        kind=Kind.UNLOADED,
        created_at__gte=timezone.now() - _QUIET,
    )
    if not recent.exists():
        sentence = (
            f"{staged.version} was not in the memory of {staged.server} (restarted, or thrown out); loaded again."
        )
        report(project, staged.version, Kind.UNLOADED, sentence, server=staged.server, mended=True)
    return True
