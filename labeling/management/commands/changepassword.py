"""`changepassword NAME`, in place of Django's: by the service, so that sessions end and an event tells of it."""

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from common.actor import system
from common.text import storable
from labeling import services
from labeling.command import BriefCommand
from labeling.models import User


class Command(BriefCommand):
    help = "Give a user a new password; all their sessions end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="Whose password.")

    def handle(self, *args: Any, **options: Any) -> str:
        user = User.objects.filter(username=storable(options["username"])).first()
        if user is None:
            raise CommandError(f"There is no user {options['username'][:150]}.")
        password = getpass.getpass(f"New password of {user}: ")
        if password != getpass.getpass("The same again: "):
            raise CommandError("The two were not the same. Nothing was changed.")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        services.set_password(system("command changepassword"), user, password, how="command")
        return f"{user} has a new password."
