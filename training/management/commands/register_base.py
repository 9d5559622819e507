"""`manage.py register_base --name NAME --location WHERE [--revision R]`: make a base model known."""

from typing import Any

from django.core.management.base import CommandParser

from labeling.command import ServiceCommand, actor_of, add_user_option
from training import services
from training.forms import BaseForm


class Command(ServiceCommand):
    """Registers, or moves to another place, a model that adapters are trained on."""

    help = "Register a base model: a Hugging Face name, or a folder with the 16-bit weights."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="What people call it here.")
        parser.add_argument("--location", required=True, help="Hub name, or a folder, absolute or below var/models.")
        add_user_option(parser)
        parser.add_argument("--revision", default="", help="Commit of the hub, or the folder's own digest.")

    def handle(self, *args: Any, **given: Any) -> None:
        said = self.read(BaseForm({name: given[name] for name in ("name", "location", "revision")}))
        base = services.register_base(actor_of(self, given["user"]), **said)
        self.stdout.write(f"{base.name}: {services.resolve_location(base)} {base.revision}".rstrip())
