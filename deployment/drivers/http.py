"""The HTTP clients of all drivers: they connect only to what may be called, and follow no redirect."""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from deployment.addresses import AddressError, check_address, check_host
from deployment.drivers.errors import AddressRefusedError
from deployment.reach import rules

_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16)


def http_client(url: str, **options: Any) -> httpx.Client:
    """A client for one model server. `options` as httpx takes them."""
    return httpx.Client(base_url=url, **client_options(), **options)


def client_options() -> dict[str, Any]:
    """What makes any httpx client, and so Ollama's own, one that calls only what may be called.

    No proxy of the environment is asked: it would resolve the names, and a server of one's own needs none.
    """
    return {"transport": CheckedTransport(), "follow_redirects": False, "trust_env": False}


class CheckedTransport(httpx.HTTPTransport):
    """Checks each address at the moment when a connection is made to it: a name may lead elsewhere by then."""

    def __init__(self) -> None:
        super().__init__(limits=_LIMITS)
        # httpx hands no network backend on to its pool.
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=CheckedBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if response.has_redirect_location:
            where = response.headers["Location"][:200]
            response.close()
            raise AddressRefusedError(
                f"{request.url} answered with a redirect to {where!r}, which is not followed. If that is where the "
                "server is, enter it as the server's address."
            )
        return response


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves a name itself and connects to the first of its addresses that may be called and answers."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in self._callable(host, port):
            try:
                return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} has no address")

    def _callable(self, host: str, port: int) -> list[str]:
        """The addresses of `host` that may be called; `AddressRefusedError` where it has others alone."""
        try:
            check_host(host, rules())
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except AddressError as error:
            raise AddressRefusedError(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not known here: {error}") from error
        good, bad = [], []
        for *_, place in found:
            try:
                check_address(ipaddress.ip_address(place[0]), host, rules())
                good.append(str(place[0]))
            except AddressError as error:
                bad.append(error)
        if bad and not good:
            raise AddressRefusedError(str(bad[0])) from bad[0]
        return good
