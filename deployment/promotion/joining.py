"""A server that joins a project while what is live cannot be served there: its alias stays with what the others' do.

What is to be done is decided from rows; `catch_up` does it, and what stands in the way is told in the findings.
"""

import logging
from dataclasses import dataclass

from django.db import transaction

from common.actor import system
from deployment.artifacts.placement import cannot_serve
from deployment.artifacts.retention import removed
from deployment.artifacts.staging import request_staging
from deployment.files import file_of
from deployment.live import led_last
from deployment.models import Artifact, Deployment, DeploymentTarget, InferenceServer, ServingPolicy, StagedVersion
from deployment.models.formats import needed_format
from deployment.promotion.steps import lock
from deployment.servers.drivers import serves
from labeling.services import events
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = StagedVersion.State
_JOINING = system("reconcile")
_TO_LEAD = "The alias is to be led there."


@dataclass(frozen=True)
class Joined:
    """One such server. `version`: what its alias is to stay with, None where it is to have none; `staged`: its row
    there. `obstacle`: why it cannot, in a sentence, and `cause`: the same for programs."""

    live: Deployment
    server: InferenceServer
    version: ModelVersion | None = None
    staged: StagedVersion | None = None
    obstacle: str = ""
    cause: str = ""

    @property
    def is_ready(self) -> bool:
        """Nothing is to be waited for."""
        return not self.obstacle and (self.version is None or self.stands)

    @property
    def stands(self) -> bool:
        """What the alias is to lead to is there."""
        return self.staged is not None and self.staged.state == State.STAGED


def joined(live: Deployment) -> list[Joined]:
    """The active servers of the project that cannot serve what is live, and that no move has decided about."""
    policy = ServingPolicy.of(live.project_id)
    servers = policy.active_servers() if policy else []
    known = set(live.targets.values_list("server", flat=True))
    new = [each for each in servers if each.pk not in known and not serves(each, needed_format(live.version))]
    if not new or policy is None:
        return []
    if not policy.alias_may_stay:
        return [_not_allowed(live, server) for server in new]
    others = _left_with(live)
    return [_decided(live, server, others) for server in new]


def join(live: Deployment) -> None:
    """Beat: a target for each that is ready, which is led to as after a move; the others have staged what they lack."""
    for each in joined(live):
        if each.is_ready and each.version is not None:
            _settle(each)
        elif each.version is not None and each.staged is None and not each.obstacle:
            request_staging(each.version)
    # What one of them has, or waits for, is what the others stay with as well.
    left = joined(live)
    if all(each.version is None for each in left):
        for each in left:
            if each.is_ready:
                _settle(each)


def _not_allowed(live: Deployment, server: InferenceServer) -> Joined:
    sentence = (
        f"{cannot_serve(live.version, [server])} It joined {live.project.key} while that is live, so it has nothing to "
        "serve: say in the serving policy that the alias may stay, or take it out there."
    )
    return Joined(live, server, obstacle=sentence, cause="policy")


def _left_with(live: Deployment) -> ModelVersion | None:
    """The newest version that an alias on another server stays with."""
    left = live.targets.filter(state=DeploymentTarget.State.STAYS, server__policies__project=live.project_id)
    rows = ModelVersion.objects.filter(pk__in=left.values("staged__version")).select_related("project", "base", "spec")
    return rows.order_by("-number").first()


def _decided(live: Deployment, server: InferenceServer, others: ModelVersion | None) -> Joined:
    """Where no other alias stays with anything, the server's own does, where a move of ours led it once."""
    last = led_last(server, live.project_id)
    version = others or (last.version if last is not None and last.state != State.REMOVED else None)
    if version is None:
        return Joined(live, server)
    staged = StagedVersion.objects.select_related("server", "version__project").filter(version=version, server=server)
    row = staged.first()
    why, cause = _in_the_way(version, server, row)
    if why:
        why = (
            f"{cannot_serve(live.version, [server])} It joined {live.project.key} while that is live, and its alias "
            f"cannot be led to {version}, with which the others stay: {why}"
        )
    return Joined(live, server, version, row, why, cause)


def _in_the_way(version: ModelVersion, server: InferenceServer, row: StagedVersion | None) -> tuple[str, str]:
    """Why the version does not come there by itself, in a sentence and in a word; empty where it does."""
    if not serves(server, needed_format(version)):
        return cannot_serve(version, [server]), "format"
    if row is not None and row.state == State.FAILED:
        why = row.error.strip().rsplit("\n", 1)[-1] or "no reason was kept"
        return f"{server.name} did not take it: {why} Rebuild it on its page.", "failed"
    if row is not None and row.state == State.REMOVED:
        return "it was removed there. Rebuild it on its page.", "removed"
    gone = (Artifact.State.FAILED, Artifact.State.REMOVED)
    if row is None and (file_of(version).state in gone or removed(version)):
        return "its file is not here any more. Rebuild it on its page.", "file"
    return "", ""


@transaction.atomic
def _settle(each: Joined) -> None:
    """The server's row, as a move would have left it: from now on it is watched over, kept and led like the others."""
    live, project = each.live, each.live.project
    lock(project)
    # Whoever switches off that aliases may stay, or takes the server out, waits for this row, or this one for that.
    policies = ServingPolicy.objects.select_for_update(no_key=True).filter(project=project, alias_may_stay=True)
    policy, row = policies.first(), Deployment.objects.live().filter(pk=live.pk).first()
    if policy is None or row is None or each.server not in policy.active_servers():
        return
    gone = each.staged is not None and not StagedVersion.objects.staged().filter(pk=each.staged.pk).exists()
    if gone or Deployment.objects.moving().filter(project=project).exists():
        return
    _, created = DeploymentTarget.objects.get_or_create(
        deployment=row,
        server=each.server,
        defaults={
            "staged": each.staged,
            "state": DeploymentTarget.State.STAYS,
            "error": _TO_LEAD if each.staged else "",
        },
    )
    if not created:
        return
    told = {**row.evidence.get("stays", {}), each.server.name: each.version.tag if each.version else ""}
    Deployment.objects.filter(pk=row.pk).update(evidence={**row.evidence, "stays": told})
    events.record(_JOINING, "move.server_joined", row, after={"server": each.server.uid})
    if each.staged is not None:
        after = {"deployment": row.uid, "server": each.server.uid}
        events.record(_JOINING, "version.alias_left", each.staged.version, after=after)
    logger.info("%s joined %s: the alias there stays with %s", each.server, project.key, each.version or "nothing")
