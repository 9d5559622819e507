"""`createsuperuser`: Django's own; a password from the environment is looked at like any other."""

import os
from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from labeling.command import BriefCommand


class Command(BriefCommand, createsuperuser.Command):
    help = "Make an administrator."

    def handle(self, *args: Any, **options: Any) -> str | None:
        given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        if given is not None and not options["interactive"]:
            try:
                validate_password(given)
            except ValidationError as error:
                raise CommandError(f"DJANGO_SUPERUSER_PASSWORD: {' '.join(error.messages)}") from error
        return super().handle(*args, **options)
