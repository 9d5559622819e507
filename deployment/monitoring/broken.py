"""A version that its server cannot load: told in a banner, and staged again where its file can be had."""

import logging

from common import actor as actors
from deployment.artifacts.staging import stage_again
from deployment.files import is_lost
from deployment.models import Artifact, Finding, StagedVersion
from deployment.monitoring.findings import report

logger = logging.getLogger(__name__)
State = StagedVersion.State
_WATCH = actors.system("reconcile")


def note_broken(staged_id: int, error: str) -> None:
    """Keep what was found. The first time it is staged again; what is broken after that waits for a person."""
    rows = StagedVersion.objects.select_related("artifact", "server", "version__project", "version__base")
    staged = rows.get(pk=staged_id)
    told = {"version": staged.version, "server": staged.server, "kind": Finding.Kind.BROKEN}
    if Finding.objects.filter(state=Finding.State.OPEN, **told).exists():
        return
    here = can_be_had(staged)
    what = f"{staged.server} cannot load {staged.version}: {error.rstrip('. ')}."
    next_ = "It is staged again." if here else "Its file is not here either: rebuild it on its page, or copy it back."
    found = report(staged.version.project, staged.version, Finding.Kind.BROKEN, f"{what} {next_}", server=staged.server)
    if found is None:
        return
    logger.error("%s", found.sentence)
    # Whoever asks from now on is told that no server has it, until it stands there again.
    if here and StagedVersion.objects.filter(pk=staged.pk, state=State.STAGED).exists():
        stage_again(_WATCH, staged)


def can_be_had(staged: StagedVersion) -> bool:
    """What it is staged from is there: its file, or for a catalogue's own model whatever the server has."""
    artifact = staged.artifact
    return artifact is None or (artifact.state == Artifact.State.BUILT and not is_lost(artifact))
