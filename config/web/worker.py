"""gunicorn's worker: waitress reads requests and sends answers in one loop, threads only compute.

gunicorn's own threads read from the socket themselves: as many clients as there are threads, each with half a head, and
nobody else is served. Its master, on the other hand, forks, replaces what hangs and ends everything in order.
"""

import time
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from config.web.doors import HEAD_BYTES
from config.web.requests import Server

_CONNECTIONS = 1000
_IDLE_SECONDS = 60


class BufferedWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """Serves the application on the master's sockets until it is told to end."""

    def run(self) -> None:
        """The loop. The master kills a worker whose loop stands still for `timeout` seconds."""
        sockets: dict[int, Any] = {}
        threads = ThreadedTaskDispatcher()
        threads.set_thread_count(self.cfg.threads)
        servers = [
            Server(
                self.wsgi, map=sockets, _sock=_plain(each), dispatcher=threads, adj=_adjustments(), bind_socket=False
            )
            for each in self.sockets
        ]
        while self.alive:
            self._turn(sockets)
        for server in servers:
            wasyncore.dispatcher.close(server)  # hears no more; what was taken up is answered
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while time.monotonic() < deadline and any(_at_work(server) for server in servers):
            self._turn(sockets, 0.1)
        threads.shutdown(timeout=0)

    def _turn(self, sockets: dict[int, Any], seconds: float = 1.0) -> None:
        self.notify()
        wasyncore.loop(timeout=seconds, use_poll=True, map=sockets, count=1)


def _at_work(server: Server) -> bool:
    return any(channel.requests or channel.total_outbufs_len for channel in server.active_channels.values())


def _plain(listener: Any) -> Any:
    return getattr(listener, "sock", listener)


def _adjustments() -> Adjustments:
    """Who is believed about the client's address and scheme, under which prefix this is served, and the limits."""
    proxy = settings.TRUSTED_PROXY
    found = Adjustments(
        ident=None,
        url_prefix=settings.PATH_PREFIX,
        max_request_header_size=HEAD_BYTES,
        max_request_body_size=max(door.max_bytes for door in settings.DOORS) + 2,
        connection_limit=_CONNECTIONS,
        channel_timeout=_IDLE_SECONDS,
        cleanup_interval=1,
        clear_untrusted_proxy_headers=True,
        log_untrusted_proxy_headers=settings.HTTPS,
        **({"trusted_proxy": proxy, "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto"} if proxy else {}),
    )
    found.doors = settings.DOORS
    return found
