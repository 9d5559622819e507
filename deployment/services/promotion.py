"""Promote and roll back: one row per attempt, the old version live until the new one is proven."""

import logging
import time
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from deployment.drivers import DriverError, driver_for
from deployment.models import Deployment, StagedVersion
from deployment.services.live import MOVING, live_deployment
from deployment.services.modelfiles import write_modelfile
from deployment.services.plans import Plan, gate_evidence, plan_promotion, previous_version, told_by, who_of
from deployment.services.recovery import fail_attempt
from deployment.services.serving import ask
from deployment.signals import version_promoted
from labeling.access import Right, require
from labeling.models import Project, User
from labeling.problems import ConflictError, ProblemError
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = Deployment.State
CANARY = "Hello, is anybody there?"


def promote(
    user: User | None,
    version: ModelVersion,
    *,
    reason: str = "",
    automatic: bool = False,
    seen: uuid.UUID | str | None = None,
) -> Deployment:
    """Make `version` live. Every attempt leaves a row, failures too; on a failure the old version stays live.

    `seen` is the `uid` of the deployment that was live when the caller decided ("" for none, None for not looked).
    `ConflictError` where the version is not staged or live already, where another move is under way, or has come in
    between; `ProblemError` where its verdict is not "passed" and no reason is given.
    """
    require(user, version.project, Right.OPERATE)
    plan = plan_promotion(version)
    _check(plan, reason, seen)
    return _carry_out(plan, Deployment.Action.PROMOTE, user, reason, automatic)


def rollback(
    user: User | None,
    project: Project,
    *,
    to: ModelVersion | None = None,
    reason: str,
    seen: uuid.UUID | str | None = None,
) -> Deployment:
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
    _check(plan, reason, seen)
    return _carry_out(plan, Deployment.Action.ROLLBACK, user, reason, automatic=False)


def _check(plan: Plan, reason: str, seen: uuid.UUID | str | None) -> None:
    if plan.obstacles:
        raise ConflictError(" ".join(plan.obstacles))
    live = live_deployment(plan.version.project)
    if seen is not None and str(seen) != (str(live.uid) if live else ""):
        now = f"{live.version} is live now: {told_by(live)}" if live else "nothing is live now"
        raise ConflictError(f"Somebody was faster: {now}. Look again, then decide.")
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
        sentence = str(error).rstrip(". ")
        raise ConflictError(
            f"{plan.version} did not go live: {sentence}. {_still(plan.previous)} See the attempt in the history."
        ) from error
    except BaseException as error:
        # Whatever broke, an attempt left open would block every later move of the project.
        fail_attempt(attempt, repr(error))
        raise
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
            attempt = Deployment.objects.create(
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
            _nobody_came_between(plan)
            return attempt
    except IntegrityError:
        moving = Deployment.objects.filter(project=project, state__in=MOVING)
        other = moving.select_related("actor", "version__project").first()
        if other is None:
            raise ConflictError("Another move has just ended. Look at what is live, then try again.") from None
        raise ConflictError(
            f"{who_of(other)} is moving {project.key} to {other.version} just now. Look again in a moment."
        ) from None


def _nobody_came_between(plan: Plan) -> None:
    """Inside the one move at a time: is what the plan was made on still live?"""
    row = Deployment.objects.filter(project=plan.version.project, state=State.LIVE)
    live = row.select_related("actor", "version__project").first()
    if (live.version_id if live else None) != (plan.previous.pk if plan.previous else None):
        now = f"{live.version} is live: {told_by(live)}" if live else "nothing is live now"
        raise ConflictError(f"Another move has just ended, and {now}. Look again, then decide.")


def _warm(plan: Plan) -> None:
    """Load the version everywhere and have it answer once, before anybody depends on it."""
    for staged in plan.staged:
        driver = driver_for(staged.server)
        _refuse_foreign_alias(plan.version.project, staged)
        driver.load(staged.tag)
        answer = ask(staged, plan.version.spec.to_spec(), CANARY)
        logger.info("%s answered the canary in %.0f ms (%s)", staged, answer.latency_ms, answer.parsed.status)


def _refuse_foreign_alias(project: Project, staged: StagedVersion) -> None:
    """The alias is the project's key: a model of that name which is not ours must not be overwritten."""
    found = driver_for(staged.server).digest_of(project.key)
    ours = StagedVersion.objects.filter(server=staged.server, version__project=project, manifest_digest=found)
    if found and not ours.exists():
        raise ConflictError(f"on {staged.server} a model named {project.key} is somebody else's; rename or remove it.")


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
