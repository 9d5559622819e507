"""`manage.py promote PROJECT vN`: make a version live."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser

from deployment.management.moving import MoveCommand
from deployment.services import promote
from labeling.problems import ProblemError


class Command(MoveCommand):
    help = "Make a version live on all servers of its project. A verdict other than passed needs --reason."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("version", help="Such as v7.")

    def handle(self, *args: Any, **given: Any) -> None:
        version = self.version(self.project(given["project"]), given["version"])
        try:
            done = promote(self.user(given["user"]), version, **self.options(given))
        except (ProblemError, PermissionDenied) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.said(done))
