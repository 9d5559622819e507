"""A promotion or rollback as a person confirms it: what the pages and the admin share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from common.actor import Actor
from deployment.artifacts.modelfiles import difference
from deployment.artifacts.verdicts import staleness
from deployment.models import Deployment, StagedVersion
from deployment.promotion.forms import MoveForm
from deployment.promotion.plan import Plan, plan_promotion, plan_rollback
from deployment.promotion.promote import PremiseError, check_premise, promote, rollback
from training.models import ModelVersion


@dataclass
class Move:
    """One move that waits for its confirmation: the plan that is shown is the one that is carried out."""

    plan: Plan

    @property
    def is_rollback(self) -> bool:
        return self.plan.action == Deployment.Action.ROLLBACK

    @property
    def title(self) -> str:
        verb = "Roll back to" if self.is_rollback else "Promote"
        return f"{verb} {self.plan.version}"

    @property
    def checks(self) -> list[dict[str, Any]]:
        """What the gate looked at, from the report that is kept with the verdict."""
        rows = self.plan.staged[0].verdict_report.get("checks", []) if self.plan.staged else []
        return [row for row in rows if isinstance(row, dict)]

    @property
    def stale_row(self) -> StagedVersion | None:
        """The row whose pass is one against another version than the live one."""
        return next((row for row in self.plan.staged if staleness(row, self.plan.previous)), None)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What is not known of the servers' memory."""
        return self.plan.seen.headroom.unknown

    @property
    def difference(self) -> list[tuple[str, str]]:
        """(kind, line) of the Modelfile's difference to the live one; kind is add, remove, place or same."""
        return marked(difference(self.plan.live.modelfile if self.plan.live else "", self.plan.modelfile))

    def form(self, request: HttpRequest) -> MoveForm:
        """The form, bound where the request brings one."""
        asks: dict[str, Any] = {"reason_required": self.plan.reason_required, "evicts": bool(self.plan.evictions)}
        if request.method == "POST":
            return MoveForm(request.POST, **asks)
        return MoveForm(initial={"premise": self.plan.premise}, **asks)

    def asked_again(self, form: MoveForm) -> MoveForm:
        """The form with the reason that was typed, on what is so now."""
        again = {"premise": self.plan.premise, "reason": form.data.get("reason", "")}
        return MoveForm(initial=again, reason_required=self.plan.reason_required, evicts=bool(self.plan.evictions))

    def carry_out(self, actor: Actor, form: MoveForm) -> Deployment | None:
        """The one service call; None where the form is not filled in.

        `PremiseError` where the form was shown on another plan; else raises as `promote`.
        """
        valid = form.is_valid()
        check_premise(self.plan, form.cleaned_data.get("premise", ""))
        if not valid:
            return None
        details = {"reason": form.cleaned_data["reason"], "may_evict": form.cleaned_data.get("may_evict", False)}
        return (rollback if self.is_rollback else promote)(actor, self.plan, **details)

    def said(self, done: Deployment) -> str:
        """The message afterwards."""
        return f"{done.version} is live. The move took {done.move_ms or 0:.0f} ms."


@dataclass
class Confirmed:
    """What came of a request: a page to show, with the problem that it begins with, or a move that is done."""

    move: Move
    form: MoveForm
    status: int = 200
    problem: str = ""
    done: Deployment | None = None


def confirm(request: HttpRequest, actor: Actor, make: Callable[[], Move]) -> Confirmed:
    """Show the move, or carry it out where the form says so. Raises `ProblemError` and `PermissionDenied`.

    Where what was decided on has changed, the page comes again with what is so now (409); what was typed stays.
    """
    move = make()
    form = move.form(request)
    if request.method != "POST":
        return Confirmed(move, form)
    try:
        done = move.carry_out(actor, form)
    except PremiseError as error:
        move = make()
        return Confirmed(move, move.asked_again(form), 409, str(error))
    return Confirmed(move, form, 200 if done else 400, done=done)


def promotion_of(version: ModelVersion) -> Move:
    """The promotion of a version, to be confirmed."""
    return Move(plan_promotion(version))


def rollback_to(version: ModelVersion) -> Move:
    """The rollback to a version, to be confirmed. `ConflictError` where it was never live."""
    return Move(plan_rollback(version.project, version))


def difference_before(row: Deployment) -> list[tuple[str, str]]:
    """(kind, line) of the difference to the Modelfile that was live before this row; empty where there was none."""
    before = Deployment.objects.ever_live().filter(project_id=row.project_id, pk__lt=row.pk).first()
    return marked(difference(before.modelfile, row.modelfile)) if before else []


_KINDS = {"+": "add", "-": "remove", "@": "place"}


def marked(lines: list[str]) -> list[tuple[str, str]]:
    """A unified difference with the kind of each line, without its two header lines."""
    return [(_KINDS.get(line[:1], "same"), line) for line in lines[2:]]
