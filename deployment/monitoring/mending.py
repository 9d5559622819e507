"""What has but one right state is put right without asking, and told: no person has to decide that it should work.

A live version's own tag that is gone or empty, and an alias that is missing, empty, or left over by a move of ours that
failed. An alias that leads elsewhere because somebody led it there is theirs, and stays a question.
"""

import logging

from django.db import transaction

from common import actor as actors
from deployment.artifacts.staging import stage_again
from deployment.live import leads_to, live_deployment
from deployment.models import Deployment, Finding, StagedVersion
from deployment.monitoring.broken import can_be_had
from deployment.monitoring.findings import close, report
from deployment.promotion.alias import why_ours
from deployment.promotion.steps import lock
from deployment.servers.drivers import Driver, Proof
from labeling.models import Project

logger = logging.getLogger(__name__)
Kind, State = Finding.Kind, Finding.State
_MENDING = actors.system("reconcile")


@transaction.atomic
def mend_tag(project: Project, staged: StagedVersion, driver: Driver) -> bool:
    """Bring back the tag of a live version: by a copy of a name with its digest, else staged again. False: by neither.

    Raises `DriverError`.
    """
    lock(project)
    if driver.digest_of(staged.tag) == staged.manifest_digest:
        return True  # somebody was faster
    gone = f"{staged.tag} was gone from {staged.server}"
    names = driver.names_of(staged.manifest_digest)
    if names:
        driver.move(staged.tag, names[0])
        return _told(project, staged, Kind.TAG_GONE, f"{gone}; copied back from {names[0]}, which has its digest.")
    if not can_be_had(staged) or not StagedVersion.objects.staged().filter(pk=staged.pk).exists():
        return False
    stage_again(_MENDING, staged)
    return _told(project, staged, Kind.TAG_GONE, f"{gone}; it is staged again.")


@transaction.atomic
def mend_alias(project: Project, staged: StagedVersion, driver: Driver, proof: Proof) -> bool:
    """Lead the alias to the live version, or to what it stays with, where nobody led it elsewhere.

    False where somebody did, or a move is at it. Raises `DriverError`.
    """
    lock(project)
    live = live_deployment(project)
    if live is None or live.state != Deployment.State.LIVE or not leads_to(live, staged):
        return False
    why = why_ours(project, staged, driver, proof)
    if not why:
        return False
    driver.move(project.key, staged.tag)
    again = driver.prove(project.key, staged.tag)
    sentence = f"On {staged.server} the alias {project.key} {why}; led to {staged.version} again: {again.sentence}."
    if not again.ok:
        logger.error("%s", sentence)
        return False
    return _told(project, staged, Kind.ALIAS, sentence, again.digest)


def _told(project: Project, staged: StagedVersion, kind: str, sentence: str, found: str = "") -> bool:
    """Keep that it was mended, in place of a question that may be open."""
    close(project, staged.version, kind, State.MENDED, server=staged.server)
    report(project, staged.version, kind, sentence, server=staged.server, found=found, mended=True)
    logger.warning("%s", sentence)
    return True
