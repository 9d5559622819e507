"""`manage.py create_token --owner NAME --project KEY --scope predict`: an API token; its secret is shown once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.models import Project, Scope, User
from labeling.tokens import create_token


class Command(BaseCommand):
    """Prints the secret alone on standard output, so that a script can keep it."""

    help = "Create an API token bound to projects and scopes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", required=True, help="User name; the token never may more than its owner.")
        parser.add_argument("--project", required=True, action="append", metavar="KEY")
        parser.add_argument("--scope", required=True, action="append", choices=Scope.values)
        parser.add_argument("--name", default="command line")
        parser.add_argument("--days", type=int, help="Days until it expires; without it, it does not.")

    def handle(self, *args: Any, **given: Any) -> None:
        owner = User.objects.filter(username=given["owner"]).first()
        if owner is None:
            raise CommandError(f"There is no user {given['owner']}.")
        projects = list(Project.objects.filter(key__in=given["project"]))
        missing = set(given["project"]) - {project.key for project in projects}
        if missing:
            raise CommandError(f"There is no project {', '.join(sorted(missing))}.")
        expires_at = timezone.now() + timedelta(days=given["days"]) if given["days"] else None
        _, secret = create_token(owner, given["name"], projects, sorted(set(given["scope"])), expires_at)
        self.stderr.write("Keep this secret: it is shown only now.")
        self.stdout.write(secret)
