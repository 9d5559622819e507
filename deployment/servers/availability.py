"""Which server to ask: the least busy one that is well. A circuit breaker leaves alone what fails again and again."""

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.patience import within
from deployment.live import live_tags
from deployment.models import InferenceServer
from deployment.servers.drivers import DriverError, NotThereError, driver_for

# One unanswered request may be chance; the driver has asked twice by then.
FAILURES = 3
LONGEST = 60
# Counted no further, as the column is small.
MOST = 1000
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


def unavailable(server: InferenceServer) -> bool:
    """It failed lately, and nobody should wait for it yet."""
    return server.unavailable_until is not None and server.unavailable_until > timezone.now()


def rests_for(server: InferenceServer) -> int:
    """Seconds until somebody asks there again, at least 1."""
    until = server.unavailable_until
    return max(1, math.ceil((until - timezone.now()).total_seconds())) if until else 1


def may_ask(server: InferenceServer) -> bool:
    """False for a server that failed, while somebody else tries whether it answers again: one who waits is enough."""
    if server.failures < FAILURES:
        return True
    now = timezone.now()
    rested = InferenceServer.objects.filter(_rests_no_more(), pk=server.pk)
    # Should the one who tries be lost, the next one may when this is over.
    return bool(rested.update(unavailable_until=now + timedelta(seconds=server.answer_seconds + 1)))


@transaction.atomic
def note_failure(server: InferenceServer, error: str, *, tried: bool = False) -> None:
    """A request got no answer there: from the third in a row the server is left alone, twice as long each time.

    What was on its way when the server was left alone says nothing new; only who `tried` it since then does.
    """
    rows = InferenceServer.objects.select_for_update().filter(pk=server.pk)
    failures = (rows if tried else rows.filter(_rests_no_more())).values_list("failures", flat=True).first()
    if failures is None:
        return
    values: dict[str, object] = {"failures": min(failures + 1, MOST), "error": error[:500]}
    if failures + 1 >= FAILURES:
        pause = timedelta(seconds=min(2 ** min(failures + 1 - FAILURES, 10), LONGEST))
        values["unavailable_until"] = timezone.now() + pause
    InferenceServer.objects.filter(pk=server.pk).update(**values)


def note_success(server: InferenceServer) -> None:
    """It answered: all is forgotten."""
    if server.failures or server.unavailable_until:
        InferenceServer.objects.filter(pk=server.pk).update(failures=0, unavailable_until=None, error="")


def probe_unavailable() -> list[InferenceServer]:
    """Beat: ask the servers that failed whether they are back; those that are."""
    back = []
    for server in InferenceServer.objects.filter(is_active=True, failures__gte=FAILURES):
        try:
            with within(server.answer_seconds):
                _try(server)
        except DriverError as error:
            note_failure(server, str(error), tried=True)
        else:
            note_success(server)
            back.append(server)
    return back


def _try(server: InferenceServer) -> None:
    """Does it answer, by the mouth of a model, too? A server may live while what runs its models hangs."""
    driver = driver_for(server)
    driver.probe()
    for tag in sorted(live_tags(server))[:1]:
        try:
            driver.chat(tag, [{"role": "user", "content": "Hello"}], {"num_predict": 1}, None)
        except NotThereError:
            return  # it answers; that a tag is gone is found, and mended, elsewhere


def _rests_no_more() -> Q:
    return Q(unavailable_until=None) | Q(unavailable_until__lte=timezone.now())
