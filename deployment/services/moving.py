"""The state table of a move: planned, staged, warmed, moved, proven, live.

One step leads out of each state. A step may be done again without harm, and its new state is written only by the
holder of the row's lease, so that after `kill -9` another worker goes on from where the row stands.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from deployment.drivers import PromptTooLongError, driver_for
from deployment.models import Deployment, DeploymentTarget, ServingPolicy, StagedVersion
from deployment.services.modelfiles import write_modelfile
from deployment.services.serving import ask
from deployment.services.verdicts import speaks_for
from deployment.signals import version_promoted
from labeling import leases
from labeling.answers import Status
from labeling.models import Project, Sample, Split
from labeling.problems import ConflictError

logger = logging.getLogger(__name__)
State, Target = Deployment.State, DeploymentTarget.State
CANARY = "Hello, is anybody there?"
CANARY_SECONDS = 30.0


class TakenOverError(Exception):
    """Another process holds the attempt now, or has ended it."""


@dataclass(frozen=True)
class Step:
    """What leads out of a state. `do` looks or acts, and returns what was seen."""

    after: str
    do: Callable[[Deployment], str]


def take_lease() -> dict[str, Any]:
    """The fields of a fresh lease."""
    return {
        "lease_token": uuid.uuid4(),
        "lease_until": timezone.now() + timedelta(seconds=settings.LEASE_SECONDS),
    }


def carry_on(attempt: Deployment) -> Deployment:
    """Take the steps that are left, holding the attempt's lease. Raises `TakenOverError` and what the steps raise."""
    token = attempt.lease_token
    assert token is not None, "a lease is taken first"
    with leases.heartbeat(Deployment, attempt.pk, token):
        while step := TABLE.get(attempt.state):
            started = time.perf_counter()
            seen = step.do(attempt)
            _advance(attempt, step, seen, (time.perf_counter() - started) * 1000)
    attempt.refresh_from_db()
    logger.info(
        "%s of %s: %s is live, moved in %.0f ms", attempt.action, attempt.project.key, attempt.version, attempt.move_ms
    )
    version_promoted.send(sender=Deployment, deployment_id=attempt.pk)
    return attempt


def _advance(attempt: Deployment, step: Step, seen: str, milliseconds: float) -> None:
    """Write the new state, if the lease still holds; the switch of the live row is part of the same transaction."""
    entry = {"name": step.after, "at": timezone.now().isoformat(), "ms": round(milliseconds, 2), "seen": seen}
    steps = [*attempt.steps, entry]
    values: dict[str, Any] = {"steps": steps}
    if step.after == State.LIVE:
        proofs = {row.server.name: row.proof for row in targets(attempt) if row.state == Target.PROVEN}
        values |= {
            "live_at": timezone.now(),
            "move_ms": sum(each["ms"] for each in steps if each["name"] in (State.MOVED, State.PROVEN)),
            "evidence": {**attempt.evidence, "proofs": proofs},
            "lease_token": None,
            "lease_until": None,
        }
    with transaction.atomic():
        if step.after == State.MOVED:
            lock(attempt.project)
            _replace(attempt)
        held = Deployment.objects.filter(pk=attempt.pk, state=attempt.state, lease_token=attempt.lease_token)
        if not held.update(state=step.after, **values):
            raise TakenOverError(f"This attempt is no longer {attempt.state}: another process took it over.")
    attempt.state, attempt.steps = step.after, steps


def _replace(attempt: Deployment) -> None:
    """Inside the switch: what the attempt was decided upon is what it replaces, and the gate's word holds against it.

    A judgment takes minutes, and an attempt that was lost is gone on with later: either may be past by now.
    """
    live = Deployment.objects.filter(project_id=attempt.project_id, state=State.LIVE)
    replaced = live.filter(version=attempt.previous_id).update(state=State.REPLACED, ended_at=timezone.now())
    if live.exists() or bool(replaced) != (attempt.previous_id is not None):
        raise ConflictError(f"{attempt.previous or 'nothing'} was live when this was decided, and that has changed")
    by_the_gate = attempt.automatic and attempt.action == Deployment.Action.PROMOTE
    for row in targets(attempt) if by_the_gate else ():
        if row.staged is None or not speaks_for(row.staged, attempt.previous):
            raise ConflictError(f"the verdict on {row.staged} is no longer one against {attempt.previous or 'nothing'}")


def lock(project: Project) -> None:
    """Inside a transaction: no switch of the live row, no catching up, no leading back beside this one.

    The weaker lock, so that predictions, which refer to the project, are not held up.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def targets(attempt: Deployment) -> list[DeploymentTarget]:
    """The attempt's servers, those that are away left out."""
    rows = attempt.targets.exclude(state=Target.BEHIND).select_related(
        "server", "staged__server", "staged__version__spec", "staged__version__project", "staged__held_against__project"
    )
    return list(rows.order_by("id"))


def _check_staged(attempt: Deployment) -> str:
    """Every server holds the bytes that were built."""
    rows = targets(attempt)
    wanted = f"sha256:{attempt.version.gguf_digest}"
    for row in rows:
        staged = row.staged
        if staged is None or staged.state != StagedVersion.State.STAGED:
            raise ConflictError(f"{attempt.version} is not staged on {row.server} any more")
        if staged.uploaded_digest not in (wanted, attempt.version.gguf_digest):
            raise ConflictError(f"{staged} holds {staged.uploaded_digest}, not {wanted}; stage it again")
    if not rows:
        raise ConflictError("no server of the project answers")
    return f"staged on {', '.join(row.server.name for row in rows)}"


def _warm(attempt: Deployment) -> str:
    """Load the version everywhere and have it answer, before anybody depends on it."""
    seen = []
    for row in targets(attempt):
        slowest = warm(attempt, row)
        seen.append(f"{row.server.name} answered the canaries in {slowest:.0f} ms at most")
    return "; ".join(seen)


def warm(attempt: Deployment, row: DeploymentTarget) -> float:
    """Load and probe the version on one server; the slowest canary in milliseconds."""
    assert row.staged is not None
    _refuse_foreign_alias(attempt.project, row.staged)
    driver_for(row.server).load(row.staged.tag)
    limit = _canary_seconds(attempt.project) * 1000
    slowest, spec, asked, unread = 0.0, attempt.version.spec.to_spec(), 0, []
    for text in _canaries(attempt):
        try:
            answer = ask(row.staged, spec, text)
        except PromptTooLongError:
            if text == CANARY:
                raise
            continue  # says something about the text, not about the version
        asked += 1
        slowest = max(slowest, answer.latency_ms)
        if answer.parsed.status == Status.FAILED:
            unread.append(answer.raw[:80])
        if answer.latency_ms > limit:
            raise ConflictError(
                f"{row.staged} took {answer.latency_ms:.0f} ms for a canary; the serving policy allows {limit:.0f}"
            )
    # A good version may miss one; the gate has judged how often.
    if len(unread) * 2 > asked:
        raise ConflictError(f"{row.staged} answered most canaries in a form that cannot be read: {unread[0]!r}")
    _note(row, Target.WARMED, canary_ms=slowest)
    return slowest


def _canaries(attempt: Deployment) -> list[str]:
    """A greeting, and texts of the project that no test is made of; a rollback, which must be quick, asks one."""
    if attempt.action == Deployment.Action.ROLLBACK:
        return [CANARY]
    own = Sample.objects.filter(project_id=attempt.project_id, split=Split.VALIDATION).in_use().order_by("-id")
    return [CANARY, *own.values_list("text", flat=True)[:2]]


def _canary_seconds(project: Project) -> float:
    policy = ServingPolicy.objects.filter(project=project).first()
    return policy.canary_seconds if policy else CANARY_SECONDS


def _refuse_foreign_alias(project: Project, staged: StagedVersion) -> None:
    """The alias is the project's key: a model of that name which is not ours must not be overwritten."""
    found = driver_for(staged.server).digest_of(project.key)
    ours = StagedVersion.objects.filter(server=staged.server, version__project=project, manifest_digest=found)
    if found and not ours.exists():
        raise ConflictError(f"on {staged.server} a model named {project.key} is somebody else's; rename or remove it.")


def _switch(attempt: Deployment) -> str:
    """Nothing to do before the row changes: from then on requests go to the new version."""
    return f"requests go to {attempt.version.server_tag}"


def _mirror(attempt: Deployment) -> str:
    """Point the alias for outside clients at the version everywhere, and prove it."""
    seen = []
    for row in targets(attempt):
        _hold(attempt)
        seen.append(mirror(attempt, row))
    return "; ".join(seen)


def _hold(attempt: Deployment) -> None:
    """Who lost the lease must not touch an alias any more: another worker leads it where it belongs."""
    if not Deployment.objects.filter(pk=attempt.pk, state=attempt.state, lease_token=attempt.lease_token).exists():
        raise TakenOverError("Another process took this attempt over.")


def mirror(attempt: Deployment, row: DeploymentTarget) -> str:
    """Move the alias on one server and prove it by digest and by an answer; what was seen."""
    assert row.staged is not None
    driver, alias = driver_for(row.server), attempt.project.key
    driver.move(alias, row.staged.tag)
    _note(row, Target.MOVED)
    proof = driver.prove(alias, row.staged.tag)
    if not proof.ok:
        raise ConflictError(f"on {row.server}: {proof.sentence}")
    _note(row, Target.PROVEN, proof=proof.sentence)
    return f"{row.server.name}: {proof.sentence}"


def _note(row: DeploymentTarget, state: str, **values: Any) -> None:
    DeploymentTarget.objects.filter(pk=row.pk).update(state=state, error="", **values)


def _record(attempt: Deployment) -> str:
    return str(write_modelfile(attempt.project, attempt.modelfile).name)


TABLE: dict[str, Step] = {
    State.PLANNED: Step(State.STAGED, _check_staged),
    State.STAGED: Step(State.WARMED, _warm),
    State.WARMED: Step(State.MOVED, _switch),
    State.MOVED: Step(State.PROVEN, _mirror),
    State.PROVEN: Step(State.LIVE, _record),
}
