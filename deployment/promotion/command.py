"""What `promote` and `rollback` share on the command line."""

import re
from typing import Any

from django.core.management.base import CommandError, CommandParser

from deployment.models import Deployment
from deployment.promotion.forms import WhyForm
from deployment.promotion.plan import Plan
from labeling.command import ServiceCommand, add_user_option
from labeling.models import Project
from training.models import ModelVersion

_DIGITS = re.compile(r"[0-9]{1,9}")


class MoveCommand(ServiceCommand):
    """A move by hand, from the shell of the host; the history shows who asked, where a name is given."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="The project's key.")
        parser.add_argument("--reason", default="", help="It stays in the history.")
        add_user_option(parser)
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen, and do nothing.")
        parser.add_argument("--may-evict", action="store_true", help="Yes to throwing models that serve out of memory.")

    def version(self, project: Project, name: str) -> ModelVersion:
        """A version by `v7` or `7`."""
        return version_of(project, name)

    def said(self, done: Deployment) -> str:
        """What came of it, step by step."""
        steps = ", ".join(f"{step['name']} {step['ms']:.0f} ms" for step in done.steps)
        left = [
            f"On {server} the alias stays with {model}." if model else f"On {server} there is no alias."
            for server, model in done.stays.items()
        ]
        return " ".join([f"{done.version} is live; {steps}.", *left])

    def planned(self, plan: Plan) -> str:
        """What a plan would do, a line for each fact."""
        verb = "Roll back to" if plan.action == Deployment.Action.ROLLBACK else "Promote"
        servers = f" on {', '.join(plan.server_names)}" if plan.staged else ""
        lines = [
            f"{verb} {plan.version} in place of {plan.previous or 'nothing'}{servers}. Nothing has moved.",
            *(f"{server} is away, and catches up when it returns." for server in plan.away),
            *(each.sentence for each in plan.stays),
            f"The gate: {plan.verdict or 'not judged'}. {plan.stale or plan.sentence}".rstrip(),
            *plan.evictions,
            plan.price,
            *(f"In the way: {obstacle}" for obstacle in plan.obstacles),
        ]
        return "\n".join(line for line in lines if line)

    def options(self, given: dict[str, Any]) -> dict[str, Any]:
        """The options that both verbs take."""
        return self.read(WhyForm({"reason": given["reason"], "may_evict": given["may_evict"]}))


def version_of(project: Project, name: str) -> ModelVersion:
    """A version by `v7` or `7`. Raises `CommandError` where there is none."""
    number = name.lower().removeprefix("v")
    known = ModelVersion.objects.filter(project=project)
    version = known.filter(number=int(number)).first() if _DIGITS.fullmatch(number) else None
    if version is None:
        raise CommandError(f"There is no version {name[:100]} in {project.key}.")
    return version
