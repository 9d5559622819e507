"""A promotion or rollback as a person confirms it: what the pages and the admin share."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from deployment.forms import MoveForm
from deployment.models import Deployment, StagedVersion
from deployment.services import live_deployment, plan_promotion, promote, rollback, staleness
from deployment.services.headroom import Headroom, look
from deployment.services.modelfiles import difference
from deployment.services.plans import Plan
from labeling.models import User
from labeling.problems import ConflictError
from training.models import ModelVersion


@dataclass
class Move:
    """One move that waits for its confirmation."""

    action: str
    plan: Plan
    live: Deployment | None

    @property
    def is_rollback(self) -> bool:
        return self.action == Deployment.Action.ROLLBACK

    @property
    def reason_required(self) -> bool:
        """A rollback always says why."""
        return self.is_rollback or self.plan.reason_required

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

    @cached_property
    def memory(self) -> Headroom:
        """What would be thrown out of memory, which has to be said yes to, and what is not known."""
        return look(self.plan.staged, back=self.is_rollback)

    @property
    def difference(self) -> list[tuple[str, str]]:
        """(kind, line) of the Modelfile's difference to the live one; kind is add, remove, place or same."""
        return marked(difference(self.live.modelfile if self.live else "", self.plan.modelfile))

    def form(self, request: HttpRequest) -> MoveForm:
        """The form, bound where the request brings one."""
        asks: dict[str, Any] = {"reason_required": self.reason_required, "evicts": bool(self.memory.evictions)}
        if request.method == "POST":
            return MoveForm(request.POST, **asks)
        return MoveForm(initial={"seen": str(self.live.uid) if self.live else "none"}, **asks)

    def carry_out(self, user: User, form: MoveForm) -> Deployment:
        """The one service call. Raises as `promote` and `rollback`."""
        seen = form.cleaned_data["seen"]
        details: dict[str, Any] = {
            "reason": form.cleaned_data["reason"],
            "seen": "" if seen == "none" else seen or None,
            "may_evict": form.cleaned_data.get("may_evict", False),
        }
        if self.is_rollback:
            return rollback(user, self.plan.version.project, to=self.plan.version, **details)
        return promote(user, self.plan.version, **details)

    def said(self, done: Deployment) -> str:
        """The message afterwards."""
        return f"{done.version} is live. The move took {done.move_ms or 0:.0f} ms."


def promotion_of(version: ModelVersion) -> Move:
    """The promotion of a version, to be confirmed."""
    return Move(Deployment.Action.PROMOTE, plan_promotion(version), live_deployment(version.project))


def rollback_to(version: ModelVersion | None) -> Move:
    """The rollback to a version, to be confirmed. `ConflictError` where there is none."""
    if version is None:
        raise ConflictError("There is no earlier live version to roll back to.")
    return Move(Deployment.Action.ROLLBACK, plan_promotion(version), live_deployment(version.project))


def difference_before(row: Deployment) -> list[tuple[str, str]]:
    """(kind, line) of the difference to the Modelfile that was live before this row; empty where there was none."""
    before = Deployment.objects.filter(project_id=row.project_id, live_at__isnull=False, pk__lt=row.pk).first()
    return marked(difference(before.modelfile, row.modelfile)) if before else []


_KINDS = {"+": "add", "-": "remove", "@": "place"}


def marked(lines: list[str]) -> list[tuple[str, str]]:
    """A unified difference with the kind of each line, without its two header lines."""
    return [(_KINDS.get(line[:1], "same"), line) for line in lines[2:]]
