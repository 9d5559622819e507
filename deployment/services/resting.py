"""Which server to ask: the least busy one that is well. One that fails again and again rests, with back-off."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from deployment.drivers import DriverError, driver_for
from deployment.models import InferenceServer

# One unanswered request may be chance; the driver has asked twice by then.
FAILURES = 3
LONGEST = 60
# Requests in flight from this process, by server: an even spread needs no exact count.
_busy: Counter[int] = Counter()
_lock = threading.Lock()


@contextmanager
def in_flight(server: InferenceServer) -> Iterator[None]:
    """Count a request while it is asked."""
    with _lock:
        _busy[server.pk] += 1
    try:
        yield
    finally:
        with _lock:
            _busy[server.pk] -= 1


def busy(server: InferenceServer) -> int:
    """Requests that this process has on the way there."""
    return _busy[server.pk]


def rests(server: InferenceServer) -> bool:
    """It failed lately, and nobody should wait for it yet."""
    return server.rests_until is not None and server.rests_until > timezone.now()


def note_failure(server: InferenceServer, error: str) -> None:
    """A request got no answer there: from the third in a row the server rests, twice as long each time."""
    rows = InferenceServer.objects.filter(pk=server.pk)
    rows.update(failures=F("failures") + 1, error=error[:500])
    failures = rows.values_list("failures", flat=True).first() or 0
    if failures >= FAILURES:
        pause = timedelta(seconds=min(2 ** min(failures - FAILURES, 10), LONGEST))
        rows.update(rests_until=timezone.now() + pause)


def note_success(server: InferenceServer) -> None:
    """It answered: all is forgotten."""
    if server.failures or server.rests_until:
        InferenceServer.objects.filter(pk=server.pk).update(failures=0, rests_until=None, error="")


def probe_resting() -> list[InferenceServer]:
    """Beat: ask the servers that failed whether they are back; those that are."""
    back = []
    for server in InferenceServer.objects.filter(is_active=True, failures__gte=FAILURES):
        try:
            driver_for(server).probe()
        except DriverError as error:
            note_failure(server, str(error))
        else:
            note_success(server)
            back.append(server)
    return back
