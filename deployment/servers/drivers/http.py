"""The HTTP clients of all drivers: they connect only to what may be called, follow no redirect, and wait only as long
as whoever asks may (`common.patience`).
"""

import ssl
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpcore
import httpx

from common import patience
from common.checked_http import CheckedBackend
from deployment.models.reach import rules
from deployment.servers.drivers.errors import AddressRefusedError, CrowdedError

_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16)
# Where a client names no limit: a day, in seconds.
_LONGEST = 86_400.0


def http_client(url: str, **options: Any) -> httpx.Client:
    """A client for one model server. `options` as httpx takes them."""
    return httpx.Client(base_url=url, **client_options(), **options)


def client_options() -> dict[str, Any]:
    """What makes any httpx client, and so Ollama's own, one that calls only what may be called.

    No proxy of the environment is asked: it would resolve the names, and a server of one's own needs none.
    """
    return {"transport": CheckedTransport(), "follow_redirects": False, "trust_env": False}


class CheckedTransport(httpx.HTTPTransport):
    """Checks each address at the moment when a connection is made to it: a name may lead elsewhere by then.

    Every call of every driver comes through here, so that none can forget the limits of whoever asks.
    """

    def __init__(self) -> None:
        super().__init__(verify=_tls(), limits=_LIMITS)
        # httpx hands no network backend on to its pool.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(),
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=CheckedBackend(rules, AddressRefusedError),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            leave = patience.enter()
        except patience.CrowdedError as error:
            raise CrowdedError(str(error)) from error
        try:
            request.extensions = {**request.extensions, "timeout": _shortened(request.extensions.get("timeout") or {})}
            response = super().handle_request(request)
        except BaseException:
            leave()
            raise
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Waited(response.stream, leave)
        if response.has_redirect_location:
            where = response.headers["Location"][:200]
            response.close()
            raise AddressRefusedError(
                f"{request.url} answered with a redirect to {where!r}, which is not followed. If that is where the "
                "server is, enter it as the server's address."
            )
        return response


@cache
def _tls() -> ssl.SSLContext:
    """One for all clients: reading the authorities that are trusted takes longer than many a call."""
    return httpx.create_ssl_context()


def _shortened(timeouts: dict[str, float | None]) -> dict[str, float]:
    """Of each wait of a call, what is left of the time of whoever asks."""
    names = ("connect", "read", "write", "pool")
    return {name: patience.left(_LONGEST if (own := timeouts.get(name)) is None else own) for name in names}


class _Waited(httpx.SyncByteStream):
    """An answer's body: read only while there is time, and the place among those who wait is held until its end."""

    def __init__(self, stream: httpx.SyncByteStream, leave: Callable[[], None]) -> None:
        self._stream, self._leave = stream, leave

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if patience.is_over():
                raise httpx.ReadTimeout("the answer comes too slowly")
            yield chunk

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._leave()
