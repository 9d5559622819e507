"""Is there a model server for every project that serves?"""

from concurrent.futures import ThreadPoolExecutor

from django.utils import timezone

from deployment.drivers import DriverError, driver_for
from deployment.models import InferenceServer


def probe_server(server: InferenceServer) -> str:
    """Ask the server for its version and keep what it said; `ok`, or the error's sentence."""
    try:
        info = driver_for(server).probe()
    except DriverError as error:
        InferenceServer.objects.filter(pk=server.pk).update(error=str(error))
        return str(error)
    InferenceServer.objects.filter(pk=server.pk).update(error="", version=info.version, seen_at=timezone.now())
    return "ok"


def check_servers(timeout: float) -> str:
    """`ok` when every active server answers; for `/readyz`. `timeout` bounds the wait beyond the probes' own limit."""
    servers = list(InferenceServer.objects.filter(is_active=True))
    with ThreadPoolExecutor(max_workers=max(1, len(servers))) as pool:
        waiting = {server.name: pool.submit(_answer, server) for server in servers}
        states = {name: future.result(timeout=timeout + 5) for name, future in waiting.items()}
    bad = [f"{name}: {state}" for name, state in states.items() if state != "ok"]
    return "; ".join(bad) or "ok"


def _answer(server: InferenceServer) -> str:
    try:
        driver_for(server).probe()
    except DriverError as error:
        return str(error)
    return "ok"
