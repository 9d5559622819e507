"""System checks: limits must be ordered, or long work starts twice; the database must be one of this release's."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register()
def time_limits_are_ordered(**kwargs: Any) -> list[CheckMessage]:
    """HTTP timeout < soft limit < hard limit < visibility timeout; a message comes back otherwise."""
    named = [
        ("MODEL_REQUEST_TIMEOUT", settings.MODEL_REQUEST_TIMEOUT),
        ("TASK_SOFT_TIME_LIMIT", settings.CELERY_TASK_SOFT_TIME_LIMIT),
        ("TASK_TIME_LIMIT", settings.CELERY_TASK_TIME_LIMIT),
        ("VISIBILITY_TIMEOUT", settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]),
    ]
    return [
        Error(
            f"{small}={low} must be below {large}={high}.",
            hint="A message that outlives the visibility timeout is delivered again while the first is still at work.",
            id="touchstone.E001",
        )
        for (small, low), (large, high) in pairwise(named)
        if low >= high
    ]


@register()
def sessions_and_mail_are_set_up(**kwargs: Any) -> list[CheckMessage]:
    """Five minutes <= idle <= absolute limit of sessions; a mailed link needs an address to lead to."""
    found: list[CheckMessage] = []
    if not 300 <= settings.SESSION_IDLE_SECONDS <= settings.SESSION_ABSOLUTE_SECONDS:
        given = f"SESSION_IDLE_SECONDS={settings.SESSION_IDLE_SECONDS}"
        limit = f"SESSION_ABSOLUTE_SECONDS={settings.SESSION_ABSOLUTE_SECONDS}"
        found.append(Error(f"{given} must be 300 or more, and not above {limit}.", id="touchstone.E010"))
    if settings.MAIL_IS_SET_UP and not settings.PUBLIC_URL.startswith(("http://", "https://")):
        hint = "Set it to the address under which people reach Touchstone, such as https://label.example.org."
        found.append(Error("EMAIL_URL is set, and PUBLIC_URL is not.", hint=hint, id="touchstone.E011"))
    return found


@register()
def database_limits_are_ordered(**kwargs: Any) -> list[CheckMessage]:
    """0 < connect < lock < statement; a message comes back otherwise."""
    named = [
        ("0", 0.0),
        ("DATABASE_CONNECT_SECONDS", settings.DATABASE_CONNECT_SECONDS),
        ("DATABASE_LOCK_SECONDS", settings.DATABASE_LOCK_SECONDS),
        ("DATABASE_STATEMENT_SECONDS", settings.DATABASE_STATEMENT_SECONDS),
    ]
    return [
        Error(
            f"{small}={low} must be below {large}={high}.",
            hint="A page that waits for a lock must be told so before its statement is given up.",
            id="touchstone.E003",
        )
        for (small, low), (large, high) in pairwise(named)
        if low >= high
    ]


@register(Tags.database)
def tables_are_of_this_release(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """An error where the database was made by migrations that are gone: before the first release they are replaced.

    `migrate` runs it before it touches anything.
    """
    from django.db import connections
    from django.db.migrations.loader import MigrationLoader

    ours = {"labeling", "training", "deployment", "evaluation"}
    gone: set[tuple[str, str]] = set()
    for alias in databases or ():
        loader = MigrationLoader(connections[alias])
        gone |= {key for key in loader.applied_migrations if key[0] in ours and key not in loader.disk_migrations}
    if not gone:
        return []
    return [
        Error(
            "This database was made by an earlier Touchstone, and its tables cannot be brought up to date.",
            hint=f"Move {settings.VAR_DIR} away, or set DATABASE_URL to a new, empty database; then start again.",
            id="touchstone.E002",
        )
    ]
