"""Promote and roll back: one row per attempt, the old version live until the new one is proven."""

import logging

from django.db import DatabaseError, IntegrityError, transaction

from common import leases
from common.actor import Actor
from common.problems import ConflictError, ProblemError
from deployment.artifacts.verdicts import speaks_for
from deployment.live import live_deployment
from deployment.models import Deployment, DeploymentTarget, ServingPolicy
from deployment.promotion.attempt import Attempt, canary_seconds
from deployment.promotion.movers import told_by, who_of
from deployment.promotion.plan import Plan
from deployment.promotion.recovery import fail_attempt, take_over_silent
from deployment.promotion.steps import TakenOverError, carry_on
from deployment.servers.drivers import DriverError
from labeling.access import Right, require
from labeling.services import events
from training.models import ModelVersion

logger = logging.getLogger(__name__)
Action = Deployment.Action


class PremiseError(ConflictError):
    """What was decided upon has changed: the plan has to be looked at again."""


def promote(
    actor: Actor, plan: Plan, *, reason: str = "", may_evict: bool = False, automatic: bool = False
) -> Deployment:
    """Carry out a promotion's plan. Every attempt leaves a row, failures too; on one the old version stays live.

    `may_evict` is the yes to throwing models that serve somebody out of a server's memory. `ConflictError` where
    something stands in the way, another move is under way, or the plan's premise holds no more; `ProblemError` where
    its verdict is not "passed", or passed against what is live no longer, and no reason is given, or where that yes is
    missing. `automatic`: the verdict alone decides, so it has to speak of what is live, on every server.
    """
    require(actor, plan.version.project, Right.OPERATE)
    _check(plan, reason, may_evict)
    if automatic:
        _check_verdicts(plan)
    return _carry_out(plan, actor, reason, may_evict, automatic)


def rollback(actor: Actor, plan: Plan, *, reason: str, may_evict: bool = False) -> Deployment:
    """Carry out a rollback's plan. A reason is always asked. Raises as `promote`.

    It takes the place of another move whose process is silent; where that had switched already, the premise is past.
    """
    require(actor, plan.version.project, Right.OPERATE)
    if not reason.strip():
        raise ProblemError("Say why you roll back; the reason stays in the history.")
    _check(plan, reason, may_evict)
    # Whoever rolls back is in need: a move that hangs in a lost process does not keep them from it.
    take_over_silent(plan.version.project, "a rollback")
    return _carry_out(plan, actor, reason, may_evict, actor.is_system)


def check_premise(plan: Plan, decided_on: str) -> None:
    """Raise `PremiseError`, with what is so now, unless `decided_on` is the digest of the plan's premise."""
    if decided_on != plan.premise:
        raise PremiseError(f"What you decided on has changed: {_now(plan.live)}. Look again, then decide.")


def _check(plan: Plan, reason: str, may_evict: bool) -> None:
    if plan.obstacles:
        raise ConflictError(" ".join(plan.obstacles))
    if plan.stale and not reason.strip():
        raise ProblemError(f"{plan.stale} To promote {plan.version} all the same, give a reason.")
    if plan.reason_required and not reason.strip():
        raise ProblemError(
            f"The gate's verdict on {plan.version} is {plan.verdict or 'not there yet'}; give a reason to go on anyway."
        )
    if plan.evictions and not may_evict:
        raise ProblemError(f"{' '.join(plan.evictions)} Say yes to that, or free memory first.")


def _check_verdicts(plan: Plan) -> None:
    for row in plan.staged:
        if not speaks_for(row, plan.previous):
            now = plan.previous or "nothing"
            raise ConflictError(f"The verdict on {row} does not allow it to take the place of {now}: judge it again.")


def _carry_out(plan: Plan, actor: Actor, reason: str, may_evict: bool, automatic: bool) -> Deployment:
    attempt = _claim(plan, actor, reason, may_evict, automatic)
    try:
        return carry_on(attempt)
    except TakenOverError as error:
        raise ConflictError(f"{error} See the attempt in the history.") from error
    except DatabaseError:
        # The row cannot be written now; its lease runs out, and the sweep hands it to another worker.
        raise
    except (DriverError, OSError, ProblemError) as error:
        fail_attempt(attempt.row, str(error))
        sentence = str(error).rstrip(". ")
        kind = ProblemError if type(error) is ProblemError else ConflictError
        raise kind(
            f"{plan.version} did not go live: {sentence}. {_still(plan.previous)} See the attempt in the history."
        ) from error
    except BaseException as error:
        # Whatever broke, an attempt left open would block every later move of the project.
        fail_attempt(attempt.row, repr(error))
        raise


def _still(previous: ModelVersion | None) -> str:
    return f"{previous} is still live." if previous else "Nothing is live, as before."


def _claim(plan: Plan, actor: Actor, reason: str, may_evict: bool, automatic: bool) -> Attempt:
    """The attempt's row, leased where the premise still holds; only one move at a time can exist in a project."""
    row = Deployment(
        project=plan.version.project,
        version=plan.version,
        previous=plan.previous,
        action=plan.action,
        actor_id=actor.user_id,
        automatic=automatic,
        reason=reason.strip(),
        modelfile=plan.modelfile,
        may_evict=may_evict,
        evidence=plan.evidence,
    )
    try:
        with transaction.atomic():
            if plan.stays:
                # Whoever switches that off waits for this move's targets, or this one for the switch.
                list(ServingPolicy.objects.select_for_update(no_key=True).filter(project=row.project_id))
            row.save(force_insert=True)
            row.lease_token = leases.take(Deployment.objects.filter(plan.holds(), pk=row.pk))
            if row.lease_token is None:
                raise PremiseError(
                    f"Somebody was faster: {_now(live_deployment(plan.version.project))}. Look again, then decide."
                )
            before = {"version": plan.previous.uid if plan.previous else None}
            servers = [staged.server.uid for staged in plan.staged]
            after = {"action": plan.action, "version": plan.version.uid, "verdict": plan.verdict, "servers": servers}
            if plan.stays:
                after["stays"] = [each.server.uid for each in plan.stays]
            events.record(actor, "move.planned", row, before=before, after=after)
            targets, stays = _targets(row, plan)
            return Attempt(row, targets, canary_seconds(plan.seen.policy), actor, stays)
    except IntegrityError:
        raise ConflictError(_who_moves(plan)) from None


def _targets(attempt: Deployment, plan: Plan) -> tuple[list[DeploymentTarget], list[DeploymentTarget]]:
    """A row per server: those that answer move together, those that are away catch up, on others the alias stays."""
    state = DeploymentTarget.State
    waiting = [DeploymentTarget(deployment=attempt, server=row.server, staged=row) for row in plan.staged]
    away = [DeploymentTarget(deployment=attempt, server=server, state=state.BEHIND) for server in plan.away]
    stays = [
        DeploymentTarget(deployment=attempt, server=each.server, staged=each.staged, state=state.STAYS)
        for each in plan.stays
    ]
    DeploymentTarget.objects.bulk_create(waiting + away + stays)
    return waiting, stays


def _now(live: Deployment | None) -> str:
    return f"{live.version} is live now: {told_by(live)}" if live else "nothing is live now"


def _who_moves(plan: Plan) -> str:
    project = plan.version.project
    other = project.deployments.moving().to_show().first()
    if other is None:
        return "Another move has just ended. Look at what is live, then try again."
    return f"{who_of(other)} is moving {project.key} to {other.version} just now. Look again in a moment."
