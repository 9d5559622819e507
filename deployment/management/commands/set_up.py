"""`manage.py set_up`: what every start needs in the database; started by the launcher and by compose."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from deployment.servers.registration import built_in_server
from labeling.command import actor_of
from training.services import list_shipped_base


class Command(BaseCommand):
    help = "Migrate; list the shipped base model and the built-in model server. Repeating it changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
        actor = actor_of(self, None)
        base, server = list_shipped_base(actor), built_in_server(actor)
        self.stdout.write(f"Base model: {base}")
        self.stdout.write(f"Built-in model server: {f'{server} at {server.url}' if server else 'none'}")
