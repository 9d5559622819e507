"""`manage.py evidence PROJECT vN FILE`: the evidence of a version's newest promotion, as a file that travels."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from common import files
from deployment import queries
from deployment.models import Deployment
from deployment.promotion.command import version_of
from evaluation.services.bundles import bundle_of
from labeling.command import ServiceCommand, actor_of, add_user_option

# Of a name that is said.
_SHOWN = 200


class Command(ServiceCommand):
    help = "Write the evidence of a version's newest promotion into a file: python -m evaluation.verify FILE reads it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="The project's key.")
        parser.add_argument("version", help="Such as v7.")
        parser.add_argument("file", help="Where it is written; a file that is there is replaced.")
        add_user_option(parser)

    def handle(self, *args: Any, **given: Any) -> None:
        project, path = self.project(given["project"]), Path(given["file"])
        version = version_of(project, given["version"])
        promoted = queries.history(project).ever_live().filter(version=version, action=Deployment.Action.PROMOTE)
        row = promoted.first()
        if row is None:
            raise CommandError(f"{version} was never promoted.")
        lines = bundle_of(actor_of(self, given["user"]), row)
        try:
            with files.replaced(path) as aside, aside.open("wb") as file:
                file.writelines(lines)
        except (OSError, ValueError) as error:  # no name, or one with a NUL, is none of the system's errors
            reason = error.strerror if isinstance(error, OSError) else error
            raise CommandError(f"{str(path)[:_SHOWN]} cannot be written: {reason}.") from error
        self.stdout.write(f"{path}: SHA-256 {files.sha256_of(path)}")
