"""One call of a webhook: only where it may go, no redirect followed, little of the answer read, all in time."""

import time
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from typing import Any

import httpcore
import httpx
from django.conf import settings

from common.addresses import AddressError, Rules, checked_url, rules_of
from common.checked_http import CheckedBackend
from common.text import storable

SECONDS = 10.0
MAX_BYTES = 2_000
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-%=&+/:,;")


@dataclass(frozen=True)
class Outcome:
    """What came of a call: a status and the beginning of what was answered, or no status and why not."""

    status: int | None
    said: str
    milliseconds: float

    @property
    def is_delivered(self) -> bool:
        """The receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The receiver wants no more: 410."""
        return self.status == httpx.codes.GONE


def rules() -> Rules:
    """WEBHOOK_HOSTS, else MODEL_SERVER_HOSTS; with neither, everything but this host itself and what never may be."""
    setting = "WEBHOOK_HOSTS" if settings.WEBHOOK_HOSTS else "MODEL_SERVER_HOSTS"
    return rules_of(getattr(settings, setting), setting=setting if settings.WEBHOOK_HOSTS else _BOTH, own_host=False)


_BOTH = "WEBHOOK_HOSTS or MODEL_SERVER_HOSTS"


def checked_address(url: str) -> str:
    """The address of a webhook as it is kept: that of a server, and with a query, too. Raises `AddressError`."""
    address, mark, query = url.strip().partition("?")
    if mark and not (query and _PLAIN.issuperset(query)):
        raise AddressError("After the ? only plain characters can stand, such as ?key=value.")
    checked = checked_url(address, rules())
    return f"{checked}?{query}" if mark else checked


def call(url: str, headers: dict[str, str], body: bytes, *, seconds: float = SECONDS) -> Outcome:
    """Send one message. Never raises for what the receiver or the way there does; it has `seconds` for all of it."""
    started = time.monotonic()
    try:
        with (
            httpx.Client(transport=_transport(started + seconds), follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body, headers=_HEADERS | headers, timeout=seconds) as response,
        ):
            status, said = response.status_code, _beginning(response)
            if response.has_redirect_location:
                said = "It answered with a redirect, which is not followed. If that is where it is, enter that address."
    except (httpx.HTTPError, httpx.InvalidURL, AddressError, ValueError) as error:  # ValueError: what idna cannot read
        status, said = None, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Outcome(status, storable(said)[:500], round((time.monotonic() - started) * 1000, 1))


_HEADERS = {"Content-Type": "application/json", "User-Agent": "Touchstone", "Accept-Encoding": "identity"}


def _beginning(response: httpx.Response) -> str:
    read = b""
    for chunk in response.iter_raw():
        read += chunk
        if len(read) >= MAX_BYTES:
            break
    return read[:MAX_BYTES].decode("utf-8", "replace")


def _transport(until: float) -> httpx.HTTPTransport:
    made = httpx.HTTPTransport(verify=_tls())
    # httpx hands no network backend on to its pool.
    made._pool = httpcore.ConnectionPool(ssl_context=_tls(), network_backend=_InTime(until))
    return made


@cache
def _tls() -> SSLContext:
    return httpx.create_ssl_context()


class _InTime(CheckedBackend):
    """All of a call ends in time, however slowly its bytes come: httpx limits only each wait for some."""

    def __init__(self, until: float) -> None:
        super().__init__(rules)
        self._until = until

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*args, **kwargs), self._until)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def _left(self, error: type[Exception]) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise error("the answer did not come in time")
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._left(httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
