"""What a move would do: decided, without touching anything, from rows that were read once.

The plan that is shown is the plan that is carried out. It carries its premise, all that the decision hangs on; the page
posts the premise's digest, and `promote` re-checks the rows of it in the same statement that claims the move.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q

from common.problems import ConflictError
from deployment.artifacts.modelfiles import parameters_of, render_modelfile, source_of
from deployment.artifacts.placement import why_nowhere
from deployment.artifacts.retention import removed
from deployment.artifacts.verdicts import gate_evidence, reports_behind, staleness
from deployment.files import VersionFile, file_of, file_on
from deployment.live import live_deployment
from deployment.modelfile.grammar import ModelfileError
from deployment.models import Deployment, InferenceServer, ServingPolicy, StagedVersion, Verdict
from deployment.models.formats import needed_format
from deployment.promotion.movers import told_by
from deployment.promotion.stays import Stay, in_the_way, left, left_behind, switched_off, to_load
from deployment.servers.availability import unavailable
from deployment.servers.drivers import driver_for, serves
from deployment.servers.headroom import Headroom, look
from labeling.models import Project
from training.models import ModelVersion

Action = Deployment.Action


@dataclass(frozen=True)
class Seen:
    """What is looked at before a move, read once. `staged` leaves out servers that are away; `nowhere`: why it is
    empty. `unable`: servers that cannot serve it; `stays`: what their aliases stay with, where they may."""

    action: str
    version: ModelVersion
    live: Deployment | None
    policy: ServingPolicy | None
    servers: tuple[InferenceServer, ...]
    away: tuple[InferenceServer, ...]
    staged: tuple[StagedVersion, ...]
    headroom: Headroom
    file: VersionFile
    nowhere: str = ""
    unable: tuple[InferenceServer, ...] = ()
    stays: tuple[Stay, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a move would do, and what stands in its way."""

    seen: Seen
    verdict: str
    sentence: str
    stale: str
    reason_required: bool
    obstacles: tuple[str, ...]
    modelfile: str
    price: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def action(self) -> str:
        return self.seen.action

    @property
    def version(self) -> ModelVersion:
        return self.seen.version

    @property
    def live(self) -> Deployment | None:
        """What answers now, and what the move would replace."""
        return self.seen.live

    @property
    def previous(self) -> ModelVersion | None:
        return self.live.version if self.live else None

    @property
    def staged(self) -> tuple[StagedVersion, ...]:
        return self.seen.staged

    @property
    def server_names(self) -> list[str]:
        """Where the move happens at once."""
        return [row.server.name for row in self.staged]

    @property
    def away(self) -> tuple[InferenceServer, ...]:
        return self.seen.away

    @property
    def stays(self) -> tuple[Stay, ...]:
        """The servers that cannot serve the version, and what their aliases stay with."""
        return self.seen.stays

    @property
    def left(self) -> dict[str, str]:
        """The same by the servers' names; empty where there is no alias."""
        return left(self.stays)

    @property
    def evictions(self) -> tuple[str, ...]:
        """What would be thrown out of memory though it serves somebody: that has to be said yes to."""
        return tuple(each.sentence for each in self.seen.headroom.evictions)

    @property
    def premise(self) -> str:
        """The digest of all that the decision hangs on; another one is another decision. Hex, 64 characters."""
        seen = self.seen
        told = [
            *(self.action, str(self.version.uid), str(seen.live.uid) if seen.live else ""),
            [[str(row.uid), *map(str, _held(row).values())] for row in seen.staged],
            [server.name for server in seen.away],
            [[each.server.name, str(each.staged.uid) if each.staged else ""] for each in seen.stays],
            [[each.server, *each.models] for each in seen.headroom.evictions],
            self.modelfile,
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def holds(self) -> Q:
        """The premise as a condition on the attempt's row: asked in the statement that claims the move."""
        live = Deployment.objects.live().filter(project=OuterRef("project"))
        same = Exists(live.filter(pk=self.live.pk)) if self.live else ~Exists(live)
        rows = [Exists(StagedVersion.objects.staged().filter(pk=row.pk, **_held(row))) for row in self.staged]
        if self.stays:
            rows += [Exists(ServingPolicy.objects.filter(project=OuterRef("project"), alias_may_stay=True))]
            rows += [Exists(each.standing) for each in self.stays if each.stands]
        return Q(same, *rows)


def _held(row: StagedVersion) -> dict[str, Any]:
    """What a decision knows of a staged version: its bytes, and the verdict with its reference."""
    names = ("manifest_digest", "uploaded_digest", "verdict", "gate_report", "held_against_id")
    return {name: getattr(row, name) for name in names}


def plan_promotion(version: ModelVersion) -> Plan:
    """Read what is there and say what a promotion of `version` would do."""
    return decide(read(version, Action.PROMOTE, live_deployment(version.project)))


def plan_rollback(project: Project, to: ModelVersion | None = None) -> Plan:
    """The same for going back to the version that was live before, or to any earlier one. `ConflictError`: to none."""
    live = live_deployment(project)
    target = to or (live.previous if live else None)
    if target is None:
        raise ConflictError(f"There is no earlier live version in {project.key} to roll back to.")
    if not project.deployments.ever_live().filter(version=target).exists():
        raise ConflictError(f"{target} was never live in {project.key}; promote it instead.")
    return decide(read(target, Action.ROLLBACK, live))


def read(version: ModelVersion, action: str, live: Deployment | None) -> Seen:
    """All rows that a plan is made from, and one question to each server: what is in its memory."""
    policy = ServingPolicy.of(version.project_id)
    servers = tuple(policy.active_servers()) if policy else ()
    unable = tuple(server for server in servers if not serves(server, needed_format(version)))
    away = tuple(server for server in servers if server not in unable and unavailable(server))
    staged = tuple(row for row in StagedVersion.objects.serving_ready(version).to_ask() if row.server not in away)
    stays: tuple[Stay, ...] = ()
    if policy and policy.alias_may_stay:
        stays = left_behind(version, action, live, (*unable, *switched_off(policy, version, live)))
    return Seen(
        action=action,
        version=version,
        live=live,
        policy=policy,
        servers=servers,
        away=away,
        staged=staged,
        headroom=look((*staged, *to_load(stays)), back=action == Action.ROLLBACK),
        file=file_on(staged[0]) if staged else file_of(version),
        nowhere="" if staged else _nowhere(version),
        unable=unable,
        stays=stays,
    )


def _nowhere(version: ModelVersion) -> str:
    if gone := removed(version):
        return gone
    why = why_nowhere(version)
    nowhere = f"{version} is not staged on any active server of {version.project.key}."
    return f"{nowhere} {why.sentence}" if why else nowhere


def decide(seen: Seen) -> Plan:
    """What follows from what was seen. Pure: nothing is read or asked here."""
    previous = seen.live.version if seen.live else None
    verdicts = {row.verdict for row in seen.staged}
    verdict = verdicts.pop() if len(verdicts) == 1 else ""
    stale = next(filter(None, (staleness(row, previous) for row in seen.staged)), "")
    evidence, obstacles, modelfile = gate_evidence(seen.staged), list(_obstacles(seen)), ""
    try:
        if source_of(seen.version, seen.file.artifact):
            modelfile = render_modelfile(seen.version, seen.file, evidence)
    except ModelfileError as error:
        obstacles.append(f"No Modelfile can be written for {seen.version}: {error}")
    return Plan(
        seen=seen,
        verdict=verdict,
        sentence=next((row.verdict_sentence for row in seen.staged), ""),
        stale=stale,
        reason_required=seen.action == Action.ROLLBACK or verdict != Verdict.PASSED or bool(stale),
        obstacles=tuple(obstacles),
        modelfile=modelfile,
        price=_price(seen, previous),
        evidence=evidence | reports_behind(seen.staged) | ({"stays": left(seen.stays)} if seen.stays else {}),
    )


def _obstacles(seen: Seen) -> Iterable[str]:
    standing = {row.server_id for row in seen.staged} | {server.pk for server in (*seen.away, *seen.unable)}
    missing = [server.name for server in seen.servers if server.pk not in standing]
    if not seen.staged:
        yield seen.nowhere
    elif missing:
        yield f"{seen.version} is not staged on {' and '.join(missing)} yet; wait, or take that server out."
    if seen.staged:
        yield from in_the_way(seen.version, seen.unable, seen.stays)
    if seen.live and seen.live.version_id == seen.version.pk:
        yield f"{seen.version} is live already: {told_by(seen.live)}."


def _price(seen: Seen, previous: ModelVersion | None) -> str:
    """What moving to it costs, where that is more than a switch."""
    version, staged = seen.version, seen.staged
    wait = "the move reloads the model, and requests wait for that."
    if any(row.artifact and row.artifact.adapter_path for row in staged):
        return f"{version} is an adapter upon its base: {wait}"
    shared = any(driver_for(row.server).shares_runners for row in staged)
    if not shared or previous is None or previous.weights != version.weights:
        return ""
    one, other = (parameters_of(each).get("num_ctx") for each in (previous, version))
    if one == other:
        return ""
    return f"{version} is the file of {previous} with num_ctx {other} in place of {one}: {wait}"
