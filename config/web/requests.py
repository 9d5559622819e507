"""Requests as they come in: each within the limits of its door, none of them holding a thread while it is sent."""

import contextlib
import socket
import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from config.web.doors import HEAD_SECONDS, Door, door_for
from config.web.refusals import TooLarge

# A client that is still sending reads its refusal first; a closed socket would drop it.
_LINGER_SECONDS = 2.0


class Request(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request that ends where its door's limit of bytes does, and knows until when it must be whole."""

    door: Door | None = None
    error: Any

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.due = time.monotonic() + HEAD_SECONDS

    def received(self, data: bytes) -> int:
        """Take in `data`; how much of it belongs to this request."""
        used: int = super().received(data)
        if self.door is None and self.headers_finished and not self.error and not self.empty:
            self.door = door_for(self.path, self.adj.url_prefix, self.adj.doors)
            self.due = time.monotonic() + self.door.seconds
        if self.door and max(self.content_length, self.body_bytes_received) > self.door.max_bytes:
            self.error = TooLarge(self.door.max_bytes, self.path)
            self.completed = True
        return used


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress carries no types
    """A connection. One whose request was refused stays open for a moment, unread."""

    parser_class = Request
    _refused = False
    _closes_at: float | None = None

    def received(self, data: bytes) -> bool:
        """Take in what was sent. It may hold a request that is refused."""
        taken = bool(super().received(data))
        self._refused = self._refused or any(request.error for request in list(self.requests))
        return taken

    def handle_close(self) -> None:
        """Close, or only stop writing where a refused client may still be sending."""
        if self._refused and self._closes_at is None and self.connected:
            self._closes_at = time.monotonic() + _LINGER_SECONDS
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                return
        super().handle_close()

    def writable(self) -> bool:
        """Nothing is written any more on a connection that only lingers."""
        return self._closes_at is None and bool(super().writable())

    def end_if_late(self, now: float) -> None:
        """Close where the request under way should have been whole by now, or a refusal was there to be read."""
        due = self._closes_at or (self.request.due if self.request else now)
        if now > due:
            if self.request is not None:
                self.request.close()
            super().handle_close()


class Server(TcpWSGIServer):  # type: ignore[misc]  # as above
    """One listening socket. `/livez` has a thread of its own, so that it is answered while all others wait."""

    channel_class = Channel

    def __init__(self, *args: Any, **options: Any) -> None:
        self._probes = ThreadedTaskDispatcher()
        self._probes.set_thread_count(1)
        super().__init__(*args, **options)

    def add_task(self, channel: Channel) -> None:
        """A whole request has come in on `channel`: the next free thread takes it up."""
        first = channel.requests[0]
        probe = not first.error and first.path.endswith("/livez")
        (self._probes if probe else self.task_dispatcher).add_task(channel)

    def maintenance(self, now: float) -> None:
        """End connections on which nothing happens, and those whose request takes too long."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            channel.end_if_late(time.monotonic())
