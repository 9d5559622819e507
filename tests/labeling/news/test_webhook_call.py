"""One call of a webhook: it ends in time, and little of the answer is read."""

import contextlib
import ipaddress
import socket
import threading
import time

import pytest

from labeling import webhook_call
from tests.labeling.news.receiver import receiving


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.WEBHOOK_HOSTS = [ipaddress.ip_network("127.0.0.0/8")]


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def test_a_receiver_that_hangs_ends_in_time_and_one_that_is_gone_at_once(receiver):
    receiver.hangs = True
    found = webhook_call.call(receiver.url, {}, b"{}", seconds=0.5)
    assert found.status is None
    assert 400 < found.milliseconds < 5_000
    assert "time" in found.said.lower()
    gone = webhook_call.call("http://127.0.0.1:1/hook", {}, b"{}", seconds=0.5)
    assert (gone.status, gone.is_delivered) == (None, False)
    assert "ConnectError" in gone.said


def test_an_answer_that_drips_does_not_hold_the_sender(receiver):
    """Each byte comes within any wait for one; the call as a whole has its time."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            with contextlib.suppress(OSError), server.accept()[0] as peer:
                while True:
                    peer.sendall(b"H")
                    time.sleep(0.05)  # slower than nothing, faster than any limit of a single wait

        threading.Thread(target=drip, daemon=True).start()
        found = webhook_call.call(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}", seconds=0.5)
    assert found.status is None
    assert found.milliseconds < 5_000


def test_of_an_answer_only_the_beginning_is_read(receiver):
    receiver.answers = [(200, b"x" * 50_000_000)]
    found = webhook_call.call(receiver.url, {}, b"{}")
    assert found.is_delivered
    assert len(found.said) == 500


def test_an_address_that_no_client_can_read_is_a_failed_try():
    found = webhook_call.call("http://xn--a.example/", {}, b"{}")
    assert (found.status, found.is_delivered) == (None, False)
