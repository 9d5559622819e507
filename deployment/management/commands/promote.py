"""`manage.py promote PROJECT vN`: make a version live."""

from typing import Any

from django.core.management.base import CommandParser

from deployment.promotion.command import MoveCommand
from deployment.promotion.plan import plan_promotion
from deployment.promotion.promote import promote
from labeling.command import actor_of


class Command(MoveCommand):
    help = "Make a version live on all servers of its project. A verdict other than passed needs --reason."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("version", help="Such as v7.")

    def handle(self, *args: Any, **given: Any) -> None:
        version = self.version(self.project(given["project"]), given["version"])
        plan = plan_promotion(version)
        if given["dry_run"]:
            self.stdout.write(self.planned(plan))
            return
        self.stdout.write(self.said(promote(actor_of(self, given["user"]), plan, **self.options(given))))
