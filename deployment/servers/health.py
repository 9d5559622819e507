"""Is there a model server for every project that serves?"""

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from common import actor as actors
from common.actor import Actor
from common.patience import within
from deployment.live import live_tags
from deployment.models import Finding, InferenceServer
from deployment.servers.catalogue import require_administrator
from deployment.servers.drivers import DriverError, driver_for

_PROBER = actors.system("probe")
_PROBE_SECONDS = 10.0


def probe_server(actor: Actor, server: InferenceServer) -> str:
    """Ask the server for its version and keep what it said; `ok`, or the error's sentence.

    Raises `PermissionDenied` for whoever does not manage the model servers.
    """
    require_administrator(actor)
    try:
        info = driver_for(server).probe()
    except DriverError as error:
        InferenceServer.objects.filter(pk=server.pk).update(error=str(error))
        return str(error)
    InferenceServer.objects.filter(pk=server.pk).update(error="", version=info.version, seen_at=timezone.now())
    return "ok"


def probe_by_worker(server_id: int) -> None:
    """Ask a server that was just registered, or never answered, who it is; one that is gone or off is left alone."""
    server = unseen().filter(pk=server_id).first()
    if server is not None:
        with within(_PROBE_SECONDS):
            probe_server(_PROBER, server)


def unseen() -> QuerySet[InferenceServer]:
    """Servers in use that never answered."""
    return InferenceServer.objects.filter(is_active=True, seen_at=None)


def check_servers(timeout: float) -> str:
    """`ok` when every active server answers and can load what is live there; for `/readyz`.

    They are asked at once, each for `timeout` seconds.
    """
    servers = list(InferenceServer.objects.filter(is_active=True))
    with ThreadPoolExecutor(max_workers=max(1, len(servers))) as pool:
        answers = pool.map(_answer, servers, repeat(timeout))
        states = {server.name: state for server, state in zip(servers, answers, strict=True)}
    bad = [f"{name}: {state}" for name, state in states.items() if state != "ok"]
    return "; ".join([*bad, *_broken()]) or "ok"


def _broken() -> list[str]:
    """What was found and is not well again: a server may answer and have nothing to answer with."""
    rows = Finding.objects.filter(state=Finding.State.OPEN, kind=Finding.Kind.BROKEN).exclude(server=None)
    return list(rows.order_by("id").values_list("sentence", flat=True))


def _answer(server: InferenceServer, timeout: float) -> str:
    try:
        with within(timeout):
            info = driver_for(server).probe()
        live = live_tags(server) if info.broken else set()
    except DriverError as error:
        return str(error)
    finally:
        connection.close()  # asked from a thread of its own
    gone = sorted(live.intersection(info.broken))
    return f"the file of {' and '.join(gone)}, which is live, is gone there or not whole" if gone else "ok"
