"""Claim long work by conditional update, keep it by heartbeat, lose it by silence.

For rows with `state`, `lease_token`, `lease_until`, `attempts`: imports, runs, builds, stagings, benchmarks.
"""

import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection, models
from django.db.models import F, Q
from django.utils import timezone

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Somebody else holds the row now; stop without writing."""


def claim(
    model: type[models.Model], pk: int, *, waiting: Sequence[str], working: str, **values: Any
) -> uuid.UUID | None:
    """Take row `pk` if it waits, or if its holder fell silent. The lease token comes back, or None."""
    token, now = uuid.uuid4(), timezone.now()
    free = Q(state__in=waiting) | Q(state=working, lease_until__lt=now)
    if any(field.name == "attempts" for field in model._meta.get_fields()):
        values["attempts"] = F("attempts") + 1
    taken = model._default_manager.filter(free, pk=pk).update(
        state=working, lease_token=token, lease_until=now + timedelta(seconds=settings.LEASE_SECONDS), **values
    )
    return token if taken else None


def renew(model: type[models.Model], pk: int, token: uuid.UUID, **values: Any) -> None:
    """Prolong the lease and write `values` with it; raises `LeaseLostError` where the token no longer holds."""
    until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    if not model._default_manager.filter(pk=pk, lease_token=token).update(lease_until=until, **values):
        raise LeaseLostError(f"{model.__name__} {pk} is held by another worker")


def finish(model: type[models.Model], pk: int, token: uuid.UUID, *, state: str, **values: Any) -> None:
    """Leave the row in its end state; raises `LeaseLostError` where the token no longer holds."""
    done = model._default_manager.filter(pk=pk, lease_token=token).update(
        state=state, lease_token=None, lease_until=None, **values
    )
    if not done:
        raise LeaseLostError(f"{model.__name__} {pk} is held by another worker")


def silent(model: type[models.Model], working: str) -> models.QuerySet[Any]:
    """Rows whose holder gave no sign of life for a whole lease."""
    return model._default_manager.filter(state=working, lease_until__lt=timezone.now())


@contextmanager
def heartbeat(model: type[models.Model], pk: int, token: uuid.UUID) -> Iterator[threading.Event]:
    """Renew the lease from a thread while the block works. The event that it yields is set once the lease is lost."""
    stop, lost = threading.Event(), threading.Event()

    def beat() -> None:
        while not stop.wait(settings.LEASE_SECONDS / 4):
            try:
                renew(model, pk, token)
            except LeaseLostError:
                lost.set()
                return
            except Error as error:  # the database is away: the lease may still be ours when it is back
                logger.warning("heartbeat of %s %s failed: %s", model.__name__, pk, error)
            finally:
                connection.close()

    thread = threading.Thread(target=beat, name=f"lease-{model.__name__}-{pk}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        stop.set()
        thread.join(timeout=5)
