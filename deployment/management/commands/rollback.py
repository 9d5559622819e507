"""`manage.py rollback PROJECT --reason WHY`: go back to the version before, or to any that was live once."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser

from deployment.management.moving import MoveCommand
from deployment.services import rollback
from labeling.problems import ProblemError


class Command(MoveCommand):
    help = "Go back to the version that was live before, or with --to to any that was live once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--to", metavar="vN", help="The version before where absent.")

    def handle(self, *args: Any, **given: Any) -> None:
        project = self.project(given["project"])
        target = self.version(project, given["to"]) if given["to"] else None
        try:
            done = rollback(self.user(given["user"]), project, to=target, **self.options(given))
        except (ProblemError, PermissionDenied) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.said(done))
