"""Management commands as doors like any other: whose name they act in, and what they are given, read by forms."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import Truncator
from rest_framework.serializers import BaseSerializer

from common.actor import Actor, system
from common.problems import ProblemError
from common.text import storable
from labeling.access import acting
from labeling.models import Project, User

_LONGEST = 100_000
_SAID = 2000


class BriefCommand(BaseCommand):
    """A command that says nothing which a terminal cannot take: what it was given is not said again whole."""

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **options)
        refuse = parser.error
        parser.error = lambda message: refuse(_brief(message))  # type: ignore[method-assign]  # of this one
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            raise CommandError(_brief(str(error)), returncode=error.returncode) from error


class ServiceCommand(BriefCommand):
    """A command that calls services. What they refuse, and what cannot be stored, is one sentence and no traceback."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        for name, value in options.items():
            for text in value if isinstance(value, list) else [value]:
                _require_plain(name, str(text))
        try:
            return super().execute(*args, **options)
        except (ProblemError, PermissionDenied) as error:
            raise CommandError(str(error)) from error

    def read(self, form: "forms.Form | BaseSerializer[Any]") -> dict[str, Any]:
        """What a form, or the serializer of the same verb in REST, makes of the arguments. Raises `CommandError`."""
        if not form.is_valid():
            said = [f"{name}: {' '.join(map(str, why))}" for name, why in dict(form.errors).items()]
            raise CommandError("; ".join(said))
        found: dict[str, Any] = form.cleaned_data if isinstance(form, forms.Form) else form.validated_data
        return found

    def project(self, key: str) -> Project:
        """Raises `CommandError` with the keys that there are."""
        project = Project.objects.filter(key=key).first()
        if project is None:
            keys = ", ".join(Project.objects.values_list("key", flat=True)[:20]) or "none yet"
            raise CommandError(f"There is no project {key[:100]}. Projects: {keys}.")
        return project


def add_user_option(parser: CommandParser) -> None:
    """`--user NAME`; whoever has the host's shell may name anybody."""
    parser.add_argument("--user", help="In whose name; the system itself where absent.")


def actor_of(command: BaseCommand, name: str | None) -> Actor:
    """The person of that name, else the command itself. Raises `CommandError` for a name that nobody has."""
    if name is None:
        return system(f"command {type(command).__module__.rpartition('.')[2]}")
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {name[:150]}.")
    return acting(user)


def _brief(message: str) -> str:
    return str(Truncator(storable(message)).chars(_SAID))


def _require_plain(name: str, text: str) -> None:
    option = name.replace("_", "-")
    if len(text) > _LONGEST:
        raise CommandError(f"--{option} has more than {_LONGEST:,} characters.")
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise CommandError(f"--{option} holds characters that are none: {storable(text)[:100]}")
