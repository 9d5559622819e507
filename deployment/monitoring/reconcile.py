"""Beat: does what is served agree with our rows? What has but one right state is mended, the rest is offered."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from common import actor as actors
from common.patience import within
from common.queue import enqueue
from deployment.artifacts.parity import prove_on_server
from deployment.live import leads_to, left_on_servers, live_deployment, staged_on_servers
from deployment.models import Deployment, Finding, InferenceServer, StagedVersion
from deployment.monitoring.broken import note_broken
from deployment.monitoring.findings import close, report
from deployment.monitoring.joined import note_joined
from deployment.monitoring.mending import mend_alias, mend_tag
from deployment.promotion.alias import waits_to_be_led
from deployment.servers.availability import unavailable
from deployment.servers.drivers import Driver, DriverError, ModelBrokenError, NotThereError, driver_for
from deployment.servers.memory import has_in_memory, load_or_send
from labeling.models import Project
from labeling.services import events

logger = logging.getLogger(__name__)
Kind = Finding.Kind
_RECONCILE = actors.system("reconcile")
# A server that throws the version out again and again is told of once in a while.
_QUIET = timedelta(minutes=10)
# What looking at one version on one server, and mending it, may take.
LOOK_SECONDS = 20.0


def reconcile() -> int:
    """Look at every live version on each of its servers, and at what aliases stay with beside it; the number of looks
    that found something.

    A project whose live version is just being moved is left alone: what is seen then is half of a move. A server that
    did not answer is asked no more in this round.
    """
    live = Deployment.objects.live().select_related("project", "version__project")
    moving = set(Deployment.objects.moving().values_list("project_id", flat=True))
    found, away = 0, set()
    for deployment in live.filter(project__archived_at=None):
        if deployment.project_id in moving:
            continue
        found += note_joined(deployment)
        for staged in (*staged_on_servers(deployment.version), *left_on_servers(deployment.project)):
            if staged.server_id in away or unavailable(staged.server):
                continue
            try:
                found += look(deployment.project, staged)
            except DriverError as error:
                away.add(staged.server_id)
                logger.warning("%s cannot be looked at now: %s", staged, error)
    return found


def look_again(staged_id: int) -> None:
    """At once, as somebody who asked it did not find the live version there."""
    staged = StagedVersion.objects.staged().to_ask().filter(pk=staged_id).first()
    if staged is None or Deployment.objects.moving().filter(project=staged.version.project).exists():
        return
    live = live_deployment(staged.version.project)
    if live is None or not leads_to(live, staged):
        return
    try:
        look(staged.version.project, staged)
    except DriverError as error:
        logger.warning("%s cannot be looked at now: %s", staged, error)


def look_for_upgrades() -> int:
    """Beat: servers that run another release than when they were last asked; what is live there is proven again."""
    upgraded = 0
    for server in InferenceServer.objects.filter(is_active=True):
        try:
            now = driver_for(server).probe().version
        except DriverError:
            continue
        # By conditional update, so that of two looks at once only one sends the work.
        seen = InferenceServer.objects.filter(pk=server.pk, version=server.version).exclude(version=now)
        with transaction.atomic():
            if not seen.update(version=now):
                continue
            if not server.version:
                continue  # the first look
            before, after = ({"release": "_".join(each.split())} for each in (server.version, now))
            events.record(_RECONCILE, "inference_server.upgraded", server, before=before, after=after)
        upgraded += 1
        logger.warning("%s went from %s to %s", server, server.version, now)
        here = StagedVersion.objects.filter(server=server)
        live = here.filter(version__deployments__state=Deployment.State.LIVE).values_list("pk", flat=True)
        for pk in sorted({*live, *here.with_an_alias_left().values_list("pk", flat=True)}):
            enqueue("deployment.prove_again", pk, server.version, now)
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


def look(project: Project, staged: StagedVersion) -> bool:
    """Look at one live version on one server, and mend what can be; True where anything was found. `DriverError`."""
    with within(LOOK_SECONDS):
        try:
            return _look(project, staged)
        except ModelBrokenError as error:
            note_broken(staged.pk, str(error))
            return True


def _look(project: Project, staged: StagedVersion) -> bool:
    driver = driver_for(staged.server)
    if staged.tag in driver.probe().broken:
        raise ModelBrokenError(f"the file of {staged.tag} is gone there, or not whole")
    digest = driver.digest_of(staged.tag)
    lost = not digest and mend_tag(project, staged, driver)
    if lost and not driver.digest_of(staged.tag):
        return True  # it is on its way there again
    digest = digest or driver.digest_of(staged.tag)
    seen = _of_the_tag(staged, digest)
    _settle(project, staged, Kind.TAG_GONE, seen if not digest else "", "")
    _settle(project, staged, Kind.CONTENT, seen if digest else "", digest)
    if seen:
        return True
    warmed = _keep_loaded(project, staged, driver)
    _settle(project, staged, Kind.BROKEN, "", "")
    proof = driver.prove(project.key, staged.tag)
    if not proof.ok and mend_alias(project, staged, driver, proof):
        _settle(project, staged, Kind.ALIAS, "", "")
        return True
    moved = "" if proof.ok or waits_to_be_led(staged, proof.digest) else f"On {staged.server}: {proof.sentence}"
    _settle(project, staged, Kind.ALIAS, moved, proof.digest)
    return lost or warmed or bool(moved)


def _of_the_tag(staged: StagedVersion, digest: str) -> str:
    if not digest:
        return (
            f"{staged.tag} is gone from {staged.server}, and its file is not here either: rebuild it on its page, or "
            "copy it back."
        )
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


def _keep_loaded(project: Project, staged: StagedVersion, driver: Driver) -> bool:
    """Load the live version again after a restart or an eviction, before a request has to wait for it."""
    if has_in_memory(driver, staged, driver.measure().loaded):
        return False
    try:
        load_or_send(staged.server, staged.tag)
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
