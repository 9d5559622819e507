"""`manage.py first_administrator`: prints a link by which the first administrator is made, once, within an hour."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from labeling import services
from labeling.command import ServiceCommand, actor_of
from labeling.models import User


class Command(ServiceCommand):
    """The link stands alone on standard output."""

    help = "Print a link by which the first administrator is made; the link before it ends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", help="Where Touchstone is reached; PUBLIC_URL where absent.")
        parser.add_argument("--if-empty", action="store_true", help="Print nothing where there are users.")

    def handle(self, *args: Any, **given: Any) -> None:
        if given["if_empty"] and User.objects.exists():
            return
        where = _address(given["url"]) or settings.PUBLIC_URL
        path = services.make_first_link(actor_of(self, None))
        self.stderr.write("Whoever follows this link is the administrator. It works once, for an hour.")
        if not where:
            self.stderr.write("It begins with the address at which Touchstone is reached; --url names it.")
        self.stdout.write(urljoin(where, path))


def _address(url: str | None) -> str:
    """Looked at before the link before is ended. Raises `CommandError`."""
    try:
        if not url or urlsplit(url).scheme in ("http", "https"):
            return url or ""
    except ValueError:
        pass  # half an IPv6 address, for one
    raise CommandError("--url is no address; write one like https://label.example.org.")
