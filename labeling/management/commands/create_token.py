"""`manage.py create_token --owner NAME --project KEY --scope predict`: an API token; its secret is shown once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from labeling.command import ServiceCommand, actor_of, add_user_option
from labeling.forms import TokenForm
from labeling.models import Scope, User
from labeling.services import create_token


class Command(ServiceCommand):
    """Prints the secret alone on standard output, so that a script can keep it."""

    help = "Create an API token bound to projects and scopes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", required=True, help="User name; the token never may more than its owner.")
        parser.add_argument("--project", required=True, action="append", metavar="KEY")
        parser.add_argument("--scope", required=True, action="append", choices=Scope.values)
        parser.add_argument("--name", default="command line")
        add_user_option(parser)
        parser.add_argument("--days", help="Days until it expires; without it, it does not.")

    def handle(self, *args: Any, **given: Any) -> None:
        said = self.read(TokenForm({"name": given["name"], "scopes": given["scope"], "days": given["days"]}))
        owner = User.objects.filter(username=given["owner"]).first()
        if owner is None:
            raise CommandError(f"There is no user {given['owner'][:150]}.")
        projects = [self.project(key) for key in dict.fromkeys(given["project"])]
        expires_at = timezone.now() + timedelta(days=said["days"]) if said["days"] else None
        actor, scopes = actor_of(self, given["user"]), sorted(set(said["scopes"]))
        _, secret = create_token(actor, owner, said["name"], projects, scopes, expires_at)
        self.stderr.write("Keep this secret: it is shown only now.")
        self.stdout.write(secret)
