"""Claim long work by conditional update, keep it by heartbeat, lose it by silence: the only code that claims.

For rows with `state`, `lease_token`, `lease_until` and, where tries are counted, `attempts`. All times are the
database's: a host whose clock is wrong neither loses its own work nor takes another's.
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
from django.db.models.functions import Now

from common.beating import beating

logger = logging.getLogger(__name__)
# Signs of life in a lease: a few may be late, or lost, before anybody thinks that the holder is.
BEATS = 8
RELEASED: dict[str, Any] = {"lease_token": None, "lease_until": None}


class LeaseLostError(Exception):
    """Somebody else holds the row now; stop without writing."""


def expired() -> Q:
    """Rows whose holder gave no sign of life for a whole lease."""
    return Q(lease_until__lt=Now())


def silent_for(seconds: float) -> Q:
    """Rows whose holder gave no sign of life for so long, whether their lease is over or not."""
    return Q(lease_until__lt=Now() + timedelta(seconds=settings.LEASE_SECONDS - seconds))


def take(rows: models.QuerySet[Any], **values: Any) -> uuid.UUID | None:
    """Lease the one row of `rows`, if it is still there: the token, or None."""
    token = uuid.uuid4()
    if any(field.name == "attempts" for field in rows.model._meta.get_fields()):
        values["attempts"] = F("attempts") + 1
    return token if rows.update(lease_token=token, lease_until=_until(), **values) else None


def claim(
    model: type[models.Model], pk: int, *, waiting: Sequence[str], working: str, **values: Any
) -> uuid.UUID | None:
    """Take row `pk` if it waits, or if its holder fell silent. The lease token comes back, or None."""
    free = Q(state__in=waiting) | (Q(state=working) & expired())
    return take(model._default_manager.filter(free, pk=pk), state=working, **values)


def renew(model: type[models.Model], pk: int, token: uuid.UUID, **values: Any) -> None:
    """Prolong the lease and write `values` with it; raises `LeaseLostError` where the token no longer holds."""
    if not model._default_manager.filter(pk=pk, lease_token=token).update(lease_until=_until(), **values):
        raise LeaseLostError(f"{model.__name__} {pk} is held by another worker")


def moved(model: type[models.Model], pk: int) -> None:
    """Something is done that is not done again: the tries before it do not count any more."""
    model._default_manager.filter(pk=pk).update(attempts=0)


def finish(model: type[models.Model], pk: int, token: uuid.UUID, *, state: str, **values: Any) -> None:
    """Leave the row in its end state; raises `LeaseLostError` where the token no longer holds."""
    if not model._default_manager.filter(pk=pk, lease_token=token).update(state=state, **RELEASED, **values):
        raise LeaseLostError(f"{model.__name__} {pk} is held by another worker")


def silent(model: type[models.Model], working: str) -> models.QuerySet[Any]:
    """Rows at work whose holder gave no sign of life for a whole lease."""
    return model._default_manager.filter(expired(), state=working)


@contextmanager
def heartbeat(model: type[models.Model], pk: int, token: uuid.UUID) -> Iterator[threading.Event]:
    """Renew the lease from a thread while the block works. The event that it yields is set once the lease is lost."""
    lost = threading.Event()

    def beat() -> bool:
        try:
            renew(model, pk, token)
        except LeaseLostError:
            lost.set()
        except Error as error:  # the database is away: the lease may still be ours when it is back
            logger.warning("heartbeat of %s %s failed: %s", model.__name__, pk, error)
        finally:
            connection.close()
        return not lost.is_set()

    name = f"lease-{model.__name__}-{pk}"
    with beating(beat, settings.LEASE_SECONDS / BEATS, name=name, patience=5):
        yield lost


def _until() -> Any:
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)
