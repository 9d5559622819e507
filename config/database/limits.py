"""The limits of a process that serves people: nobody waits long for the database."""

from django.conf import settings
from django.db import connections

from config.database.connection import GuardedConnection


def limit_waits() -> None:
    """From here on this process waits for connections, locks and statements no longer than the settings say."""
    GuardedConnection.guarded = True
    options = connections.settings["default"]["OPTIONS"]
    options["connect_timeout"] = settings.DATABASE_CONNECT_SECONDS
    limits = {
        "lock_timeout": settings.DATABASE_LOCK_SECONDS,
        "statement_timeout": settings.DATABASE_STATEMENT_SECONDS,
    }
    words = [f"-c {name}={int(seconds * 1000)}" for name, seconds in limits.items()]
    options["options"] = " ".join(filter(None, [options.get("options", ""), *words]))
