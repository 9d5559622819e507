"""What `promote` and `rollback` share on the command line."""

import re
from typing import Any

from django.core.management.base import CommandError, CommandParser

from deployment.models import Deployment
from deployment.promotion.forms import WhyForm
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
        parser.add_argument("--may-evict", action="store_true", help="Yes to throwing models that serve out of memory.")

    def version(self, project: Project, name: str) -> ModelVersion:
        """A version by `v7` or `7`."""
        number = name.lower().removeprefix("v")
        known = ModelVersion.objects.filter(project=project)
        version = known.filter(number=int(number)).first() if _DIGITS.fullmatch(number) else None
        if version is None:
            raise CommandError(f"There is no version {name[:100]} in {project.key}.")
        return version

    def said(self, done: Deployment) -> str:
        """What came of it, step by step."""
        steps = ", ".join(f"{step['name']} {step['ms']:.0f} ms" for step in done.steps)
        return f"{done.version} is live; {steps}."

    def options(self, given: dict[str, Any]) -> dict[str, Any]:
        """The options that both verbs take."""
        return self.read(WhyForm({"reason": given["reason"], "may_evict": given["may_evict"]}))
