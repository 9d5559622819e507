"""The network backend of HTTP clients that connect only to what may be called, at the moment when they connect."""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable

import httpcore

from common.addresses import AddressError, Rules, check_address, check_host


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves a name itself and connects to the first of its addresses that may be called and answers.

    `rules` are asked at each connection. Where nothing may be called, `refused` is raised with the reason.
    """

    def __init__(self, rules: Callable[[], Rules], refused: type[Exception] = AddressError) -> None:
        self._plain = httpcore.SyncBackend()
        self._rules, self._refused = rules, refused

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        until = None if timeout is None else time.monotonic() + timeout
        for address in self._callable(host, port):
            # Of all addresses together: a name may lead to any number that never answer.
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                break
            try:
                return self._plain.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} has no address that answers in time")

    def _callable(self, host: str, port: int) -> list[str]:
        """The addresses of `host` that may be called; `refused` where it has others alone."""
        rules = self._rules()
        try:
            check_host(host, rules)
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except AddressError as error:
            raise self._refused(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not known here: {error}") from error
        good, bad = [], []
        for *_, place in found:
            try:
                check_address(ipaddress.ip_address(place[0]), host, rules)
                good.append(str(place[0]))
            except AddressError as error:
                bad.append(error)
        if bad and not good:
            raise self._refused(str(bad[0])) from bad[0]
        return good
