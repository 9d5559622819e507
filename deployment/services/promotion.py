"""Promote and roll back: one row per attempt, the old version live until the new one is proven."""

import logging
import uuid

from django.db import DatabaseError, IntegrityError, transaction

from deployment.drivers import DriverError
from deployment.models import Deployment, DeploymentTarget
from deployment.services.headroom import look
from deployment.services.live import MOVING, live_deployment
from deployment.services.moving import TakenOverError, carry_on, take_lease
from deployment.services.plans import Plan, gate_evidence, plan_promotion, previous_version, told_by, who_of
from deployment.services.recovery import fail_attempt
from deployment.services.verdicts import speaks_for
from labeling.access import Right, require
from labeling.models import Project, User
from labeling.problems import ConflictError, ProblemError
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = Deployment.State


def promote(
    user: User | None,
    version: ModelVersion,
    *,
    reason: str = "",
    automatic: bool = False,
    seen: uuid.UUID | str | None = None,
    may_evict: bool = False,
) -> Deployment:
    """Make `version` live. Every attempt leaves a row, failures too; on a failure the old version stays live.

    `seen` is the `uid` of the deployment that was live when the caller decided ("" for none, None for not looked).
    `may_evict` is the yes to throwing models that serve somebody out of a server's memory. `ConflictError` where the
    version is not staged or live already, where another move is under way, or has come in between; `ProblemError`
    where its verdict is not "passed", or passed against what is live no longer, and no reason is given, or where that
    yes is missing. `automatic`: the verdict alone decides, so it has to speak of what is live, on every server.
    """
    require(user, version.project, Right.OPERATE)
    plan = plan_promotion(version)
    _check(plan, reason, seen)
    if automatic:
        _check_verdicts(plan)
    return _carry_out(plan, Deployment.Action.PROMOTE, user, reason, automatic, may_evict)


def rollback(
    user: User | None,
    project: Project,
    *,
    to: ModelVersion | None = None,
    reason: str,
    seen: uuid.UUID | str | None = None,
    may_evict: bool = False,
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
    return _carry_out(plan, Deployment.Action.ROLLBACK, user, reason, user is None, may_evict)


def _check(plan: Plan, reason: str, seen: uuid.UUID | str | None) -> None:
    if plan.obstacles:
        raise ConflictError(" ".join(plan.obstacles))
    live = live_deployment(plan.version.project)
    if seen is not None and str(seen) != (str(live.uid) if live else ""):
        now = f"{live.version} is live now: {told_by(live)}" if live else "nothing is live now"
        raise ConflictError(f"Somebody was faster: {now}. Look again, then decide.")
    if plan.stale and not reason.strip():
        raise ProblemError(f"{plan.stale} To promote {plan.version} all the same, give a reason.")
    if plan.reason_required and not reason.strip():
        raise ProblemError(
            f"The gate's verdict on {plan.version} is {plan.verdict or 'not there yet'}; give a reason to go on anyway."
        )


def _check_verdicts(plan: Plan) -> None:
    for row in plan.staged:
        if not speaks_for(row, plan.previous):
            now = plan.previous or "nothing"
            raise ConflictError(f"The verdict on {row} does not allow it to take the place of {now}: judge it again.")


def _carry_out(plan: Plan, action: str, user: User | None, reason: str, automatic: bool, may_evict: bool) -> Deployment:
    attempt = _open(plan, action, user, reason, automatic, may_evict)
    try:
        _keep_room(plan, action, may_evict)
        return carry_on(attempt)
    except TakenOverError as error:
        raise ConflictError(f"{error} See the attempt in the history.") from error
    except DatabaseError:
        # The row cannot be written now; its lease runs out, and the sweep hands it to another worker.
        raise
    except (DriverError, OSError, ProblemError) as error:
        fail_attempt(attempt, str(error))
        sentence = str(error).rstrip(". ")
        kind = ProblemError if type(error) is ProblemError else ConflictError
        raise kind(
            f"{plan.version} did not go live: {sentence}. {_still(plan.previous)} See the attempt in the history."
        ) from error
    except BaseException as error:
        # Whatever broke, an attempt left open would block every later move of the project.
        fail_attempt(attempt, repr(error))
        raise


def _keep_room(plan: Plan, action: str, may_evict: bool) -> None:
    found = look(plan.staged, back=action == Deployment.Action.ROLLBACK).evictions
    if found and not may_evict:
        raise ProblemError(f"{' '.join(found)} Say yes to that, or free memory first.")


def _still(previous: ModelVersion | None) -> str:
    return f"{previous} is still live." if previous else "Nothing is live, as before."


def _open(plan: Plan, action: str, user: User | None, reason: str, automatic: bool, may_evict: bool) -> Deployment:
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
                may_evict=may_evict,
                evidence=gate_evidence(list(plan.staged)),
                **take_lease(),
            )
            _targets(attempt, plan)
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


def _targets(attempt: Deployment, plan: Plan) -> None:
    """A row per server: those that answer move together, those that are away catch up."""
    waiting = [DeploymentTarget(deployment=attempt, server=row.server, staged=row) for row in plan.staged]
    behind = DeploymentTarget.State.BEHIND
    away = [DeploymentTarget(deployment=attempt, server=server, state=behind) for server in plan.away]
    DeploymentTarget.objects.bulk_create(waiting + away)


def _nobody_came_between(plan: Plan) -> None:
    """Inside the one move at a time: is what the plan was made on still live?"""
    row = Deployment.objects.filter(project=plan.version.project, state=State.LIVE)
    live = row.select_related("actor", "version__project").first()
    if (live.version_id if live else None) != (plan.previous.pk if plan.previous else None):
        now = f"{live.version} is live: {told_by(live)}" if live else "nothing is live now"
        raise ConflictError(f"Another move has just ended, and {now}. Look again, then decide.")
