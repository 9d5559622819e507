"""A name with many addresses that never answer: the time to connect is for all of them."""

import socket
import time

import httpcore
import pytest

from common.addresses import Rules
from common.checked_http import CheckedBackend

pytestmark = pytest.mark.pure


def test_the_time_to_connect_is_for_all_addresses_together(monkeypatch):
    look_up = socket.getaddrinfo
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent, socket.socket() as first:
        port = silent.getsockname()[1]
        first.connect(("127.0.0.1", port))  # all that it has room for: whoever comes next waits

        def many(host, *args, **kwargs):
            return look_up("127.0.0.1", *args, **kwargs) * (20 if host == "many.example" else 1)

        monkeypatch.setattr("common.checked_http.socket.getaddrinfo", many)
        started = time.monotonic()
        with pytest.raises(httpcore.ConnectTimeout):
            CheckedBackend(Rules).connect_tcp("many.example", port, timeout=0.3)
        assert time.monotonic() - started < 3, "one after the other they take six seconds"
