"""Connections that tell a slow statement from a server that has stopped.

A stopped server (SIGSTOP, a frozen machine) keeps its connections open: neither its own time limits nor TCP's end a
wait for it. So after a while a question is asked that costs it nothing, and without an answer the wait ends.
"""

import contextlib
import socket
import struct
import time
from typing import Any, Self

import psycopg
from psycopg import errors

from common.pause import Pause

# Length and code: "SSLRequest" of PostgreSQL's protocol, answered before any log-in.
_QUESTION = struct.pack("!ii", 8, 80877103)
_ANSWER_SECONDS = 1.0
_LOOK_AFTER_SECONDS = 1.5

# Who comes while the server is away is told at once: each would hold a thread for seconds.
away = Pause(2.0)


class GuardedConnection(psycopg.Connection[Any]):
    """As psycopg's; a wait for the server ends where the server does not answer any more."""

    guarded = False

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        """Connect within `connect_timeout`. Raises `OperationalError`, at once while the server is known to be away."""
        if cls.guarded and away.lasts:
            raise errors.OperationalError("the database did not answer a moment ago")
        try:
            return super().connect(conninfo, **options)
        except errors.ConnectionTimeout:
            away.begin()
            raise

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run `gen` to its end. Raises `OperationalError`, and closes, where the server is found to be away."""
        if not self.guarded:
            return super().wait(gen, interval, timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _LOOK_AFTER_SECONDS if deadline is None else min(_LOOK_AFTER_SECONDS, deadline - time.monotonic())
            try:
                return super().wait(gen, interval, max(left, 0.0))
            except errors._WaitTimeout:
                if deadline is not None and time.monotonic() >= deadline:
                    raise
            if not answers(self.info.host, self.info.port):
                away.begin()
                self.close()
                raise errors.OperationalError("the database does not answer any more")


def answers(host: str, port: int) -> bool:
    """True if the server there answers within a second. `host` may be the folder of a Unix socket."""
    with contextlib.suppress(OSError), _open(host, port) as line:
        line.settimeout(_ANSWER_SECONDS)
        line.sendall(_QUESTION)
        return line.recv(1) in (b"N", b"S")
    return False


def _open(host: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), _ANSWER_SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(_ANSWER_SECONDS)
    line.connect(f"{host}/.s.PGSQL.{port}")
    return line
