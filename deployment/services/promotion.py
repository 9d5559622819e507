"""Promote and roll back: one row per attempt, the old version live until the new one is proven."""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from deployment.drivers import DriverError, driver_for
from deployment.models import Deployment, StagedVersion, Verdict
from deployment.services.live import MOVING, SERVING, live_deployment, staged_on_servers
from deployment.services.modelfiles import render_modelfile, write_modelfile
from deployment.services.serving import ask
from deployment.signals import version_promoted
from labeling.access import Right, require
from labeling.models import Project, User
from labeling.problems import ConflictError, ProblemError
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = Deployment.State
CANARY = "Hello, is anybody there?"
# A move takes seconds; one that is older lost its process half-way.
LOST_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Plan:
    """What a promotion would do, and what stands in its way. Pure: made from rows that were read."""

    version: ModelVersion
    previous: ModelVersion | None
    staged: tuple[StagedVersion, ...]
    verdict: str
    sentence: str
    reason_required: bool
    obstacles: tuple[str, ...]
    modelfile: str


def plan_promotion(version: ModelVersion) -> Plan:
    """Read what is there and say what a promotion of `version` would do."""
    live = live_deployment(version.project)
    staged = staged_on_servers(version)
    verdicts = {row.verdict for row in staged}
    verdict = verdicts.pop() if len(verdicts) == 1 else ""
    obstacles = []
    if not staged:
        obstacles.append(f"{version} is not staged on any active server of {version.project.key}.")
    if live and live.version_id == version.pk:
        obstacles.append(f"{version} is live already.")
    return Plan(
        version=version,
        previous=live.version if live else None,
        staged=tuple(staged),
        verdict=verdict,
        sentence=next((row.verdict_sentence for row in staged), ""),
        reason_required=verdict != Verdict.PASSED,
        obstacles=tuple(obstacles),
        modelfile=render_modelfile(version, gate_evidence(staged)) if version.gguf_path else "",
    )


def gate_evidence(staged: list[StagedVersion]) -> dict[str, Any]:
    """The gate's figures as they go into the Modelfile's comments and the history."""
    if not staged:
        return {}
    row = staged[0]
    figures = {name: value for name, value in row.verdict_report.items() if isinstance(value, int | float | str)}
    return {"verdict": row.verdict or "none", "gate": row.verdict_sentence, **figures}


def promote(user: User | None, version: ModelVersion, *, reason: str = "", automatic: bool = False) -> Deployment:
    """Make `version` live. Every attempt leaves a row, failures too; on a failure the old version stays live.

    `ConflictError` where another move is under way or the version is live; `ProblemError` where it is not staged, or
    where its verdict is not "passed" and no reason is given.
    """
    require(user, version.project, Right.OPERATE)
    plan = plan_promotion(version)
    _check(plan, reason)
    return _carry_out(plan, Deployment.Action.PROMOTE, user, reason, automatic)


def rollback(user: User | None, project: Project, *, to: ModelVersion | None = None, reason: str) -> Deployment:
    """Go back to the previous live version, or to any earlier one. A reason is always asked. Raises as `promote`."""
    require(user, project, Right.OPERATE)
    if not reason.strip():
        raise ProblemError("Say why you roll back; the reason stays in the history.")
    target = to or previous_version(project)
    if target is None:
        raise ConflictError(f"There is no earlier live version in {project.key} to roll back to.")
    if not Deployment.objects.filter(project=project, version=target, live_at__isnull=False).exists():
        raise ConflictError(f"{target} was never live in {project.key}; promote it instead.")
    plan = plan_promotion(target)
    _check(plan, reason)
    return _carry_out(plan, Deployment.Action.ROLLBACK, user, reason, automatic=False)


def previous_version(project: Project) -> ModelVersion | None:
    """The version that was live before the present one."""
    live = live_deployment(project)
    return live.previous if live else None


def _check(plan: Plan, reason: str) -> None:
    if plan.obstacles:
        raise ConflictError(" ".join(plan.obstacles))
    if plan.reason_required and not reason.strip():
        raise ProblemError(
            f"The gate's verdict on {plan.version} is {plan.verdict or 'not there yet'}; give a reason to go on anyway."
        )


def _carry_out(plan: Plan, action: str, user: User | None, reason: str, automatic: bool) -> Deployment:
    attempt = _open(plan, action, user, reason, automatic)
    try:
        _warm(plan)
        _step(attempt, State.PLANNED, State.WARMED)
        started = time.perf_counter()
        _switch(attempt)
        proofs = _mirror(plan.version, plan.staged)
        _step(attempt, State.MOVED, State.PROVEN)
        move_ms = (time.perf_counter() - started) * 1000
        write_modelfile(plan.version.project, plan.modelfile)
        _step(
            attempt,
            State.PROVEN,
            State.LIVE,
            live_at=timezone.now(),
            move_ms=move_ms,
            evidence={**attempt.evidence, "proofs": proofs},
        )
    except (DriverError, OSError, ConflictError) as error:
        fail_attempt(attempt, str(error))
        raise ConflictError(
            f"{plan.version} did not go live: {error} {_still(plan.previous)} See the attempt in the history."
        ) from error
    attempt.refresh_from_db()
    logger.info("%s of %s: %s is live, moved in %.0f ms", action, plan.version.project.key, plan.version, move_ms)
    version_promoted.send(sender=Deployment, deployment_id=attempt.pk)
    return attempt


def _still(previous: ModelVersion | None) -> str:
    return f"{previous} is still live." if previous else "Nothing is live, as before."


def _open(plan: Plan, action: str, user: User | None, reason: str, automatic: bool) -> Deployment:
    """The attempt's row; the database lets only one move at a time exist in a project."""
    project = plan.version.project
    try:
        with transaction.atomic():
            return Deployment.objects.create(
                project=project,
                version=plan.version,
                previous=plan.previous,
                action=action,
                actor=user,
                automatic=automatic,
                reason=reason.strip(),
                modelfile=plan.modelfile,
                evidence=gate_evidence(list(plan.staged)),
            )
    except IntegrityError:
        other = Deployment.objects.filter(project=project, state__in=MOVING).select_related("actor", "version").first()
        if other is None:
            raise ConflictError("Another move has just ended. Look at what is live, then try again.") from None
        who = other.actor.get_username() if other.actor else "the gate"
        raise ConflictError(
            f"{who} is moving {project.key} to {other.version} just now. Look again in a moment."
        ) from None


def _warm(plan: Plan) -> None:
    """Load the version everywhere and have it answer once, before anybody depends on it."""
    for staged in plan.staged:
        driver = driver_for(staged.server)
        driver.load(staged.tag)
        answer = ask(staged, plan.version.spec.to_spec(), CANARY)
        logger.info("%s answered the canary in %.0f ms (%s)", staged, answer.latency_ms, answer.parsed.status)


def _step(attempt: Deployment, before: str, after: str, **values: Any) -> None:
    moved = Deployment.objects.filter(pk=attempt.pk, state=before).update(state=after, **values)
    if not moved:
        raise ConflictError(f"this attempt is no longer {before}: another process took it over.")
    attempt.state = after


def _switch(attempt: Deployment) -> None:
    """The move itself: in one transaction the old row ends and the new one serves."""
    with transaction.atomic():
        Deployment.objects.filter(project_id=attempt.project_id, state=State.LIVE).update(
            state=State.REPLACED, ended_at=timezone.now()
        )
        _step(attempt, State.WARMED, State.MOVED)


def _mirror(version: ModelVersion, staged: tuple[StagedVersion, ...]) -> dict[str, str]:
    """Point the alias for outside clients at the version, and prove it by the manifest digest."""
    proofs = {}
    for row in staged:
        driver = driver_for(row.server)
        driver.move(version.project.key, row.tag)
        if row.server.kind == "local":
            proofs[row.server.name] = f"the live row leads to {row.tag}"
            continue
        wanted, found = driver.digest_of(row.tag), driver.digest_of(version.project.key)
        if wanted != found:
            raise ConflictError(
                f"on {row.server} the alias {version.project.key} shows {found or 'nothing'}, not {wanted}."
            )
        proofs[row.server.name] = f"alias digest {found}"
    return proofs


def fail_attempt(attempt: Deployment, error: str) -> None:
    """End an attempt that cannot go on: the previous version serves again, in row and alias."""
    with transaction.atomic():
        row = Deployment.objects.select_for_update().get(pk=attempt.pk)
        if row.state not in MOVING:
            return
        Deployment.objects.filter(pk=row.pk).update(
            state=State.FAILED, failed_step=row.state, error=error, ended_at=timezone.now()
        )
        switched = row.state in SERVING
        if switched and row.previous_id:
            before = Deployment.objects.filter(
                project_id=row.project_id, version_id=row.previous_id, state=State.REPLACED
            ).first()
            if before:
                Deployment.objects.filter(pk=before.pk).update(state=State.LIVE, ended_at=None)
    logger.error("moving %s to %s failed at %s: %s", row.project_id, row.version_id, row.state, error)
    if switched and row.previous:
        _restore_alias(row.previous)


def _restore_alias(previous: ModelVersion) -> None:
    for staged in staged_on_servers(previous):
        try:
            driver_for(staged.server).move(previous.project.key, staged.tag)
        except DriverError as error:
            logger.error("the alias on %s could not be put back to %s: %s", staged.server, staged.tag, error)


def end_lost_moves() -> int:
    """Beat: attempts whose process died half-way are ended, and the previous version serves again."""
    lost = list(Deployment.objects.filter(state__in=MOVING, created_at__lt=timezone.now() - LOST_AFTER))
    for attempt in lost:
        fail_attempt(attempt, "The process that carried out this move was lost.")
    return len(lost)
