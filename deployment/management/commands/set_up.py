"""`manage.py set_up`: what every start needs in the database; started by the launcher and by compose."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from deployment.services.servers import built_in_server
from training.services import list_shipped_base


class Command(BaseCommand):
    help = "Migrate; list the shipped base model and the built-in model server. Repeating it changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
        base, server = list_shipped_base(), built_in_server()
        self.stdout.write(f"Base model: {base}")
        self.stdout.write(f"Built-in model server: {f'{server} at {server.url}' if server else 'none'}")
