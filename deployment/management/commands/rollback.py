"""`manage.py rollback PROJECT --reason WHY`: go back to the version before, or to any that was live once."""

from typing import Any

from django.core.management.base import CommandParser

from deployment.promotion.command import MoveCommand
from deployment.promotion.plan import plan_rollback
from deployment.promotion.promote import rollback
from labeling.command import actor_of


class Command(MoveCommand):
    help = "Go back to the version that was live before, or with --to to any that was live once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--to", metavar="vN", help="The version before where absent.")

    def handle(self, *args: Any, **given: Any) -> None:
        project = self.project(given["project"])
        target = self.version(project, given["to"]) if given["to"] else None
        plan = plan_rollback(project, target)
        if given["dry_run"]:
            self.stdout.write(self.planned(plan))
            return
        self.stdout.write(self.said(rollback(actor_of(self, given["user"]), plan, **self.options(given))))
