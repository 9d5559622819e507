"""Clients that send slowly, never end or send too much leave everybody else unmoved; each door has its limits."""

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from config.web.doors import FORM_BYTES, HEAD_BYTES, HEAD_SECONDS, door_for, doors
from tests.config.site import Site, log_in, timed

MORE_THAN_THREADS = 40
HALF_A_HEAD = b"GET /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "
ENDLESS_LENGTH = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000\r\n\r\nusername="
ENDLESS_CHUNKS = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nusern\r\n"


def connect(site: Site) -> socket.socket:
    where = urlsplit(site.url)
    assert where.hostname
    return socket.create_connection((where.hostname, where.port or 80), timeout=60)


@contextmanager
def slow_clients(site: Site, beginning: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        lines = [stack.enter_context(connect(site)) for _ in range(MORE_THAN_THREADS)]
        for line in lines:
            line.sendall(beginning)
        time.sleep(0.5)  # until all of them are taken up
        yield lines


@pytest.mark.parametrize("beginning", [HALF_A_HEAD, ENDLESS_LENGTH, ENDLESS_CHUNKS], ids=["head", "body", "chunks"])
def test_slow_clients_leave_others_unmoved(shared_site: Site, beginning: bytes) -> None:
    with shared_site.client() as client, slow_clients(shared_site, beginning):
        took = [timed(client.get, "/projects/shop/samples/") for _ in range(20)]
    assert {said.status_code for said, _ in took} == {200}
    seconds = sorted(seconds for _, seconds in took)
    print(f"{MORE_THAN_THREADS} slow clients: p50 {statistics.median(seconds):.3f} s, worst {seconds[-1]:.3f} s")
    assert statistics.median(seconds) < 1.0


def test_half_a_head_is_not_waited_for(shared_site: Site) -> None:
    with connect(shared_site) as line:
        line.sendall(HALF_A_HEAD)
        began = time.monotonic()
        while time.monotonic() - began < HEAD_SECONDS - 2:
            line.sendall(b"x")  # a byte now and then is no sign of an end
            time.sleep(0.5)
        assert line.recv(1000) == b""
        assert time.monotonic() - began < HEAD_SECONDS + 5


def test_a_body_ends_in_its_doors_time(shared_site: Site) -> None:
    with connect(shared_site) as line:
        line.sendall(ENDLESS_LENGTH)
        began = time.monotonic()
        assert line.recv(1000) == b""
        assert HEAD_SECONDS - 2 < time.monotonic() - began < HEAD_SECONDS + 5


def test_300_mb_to_the_log_in_page_are_refused_and_written_nowhere(shared_site: Site) -> None:
    written = sum(each.io_counters().write_bytes for each in family(shared_site))
    with connect(shared_site) as line:
        line.sendall(b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 300000000\r\n\r\n" + b"x" * 4096)
        said = b"".join(iter(partial(line.recv, 4000), b""))
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"At most 16,384 bytes are taken here." in said
    with connect(shared_site) as line, pytest.raises(ConnectionError):  # noqa: PT012  any of them is cut off
        line.sendall(b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(300):
            line.sendall(b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n")
    assert sum(each.io_counters().write_bytes for each in family(shared_site)) - written < 5_000_000


def test_an_api_client_gets_a_problem_with_the_limit(shared_site: Site) -> None:
    with shared_site.client() as client:
        said = client.post("/api/v1/projects/shop/samples", content=b'{"text": "' + b"x" * 16_100_000 + b'"}')
    assert (said.status_code, said.headers["Content-Type"]) == (413, "application/problem+json")
    assert "At most 16,000,000 bytes" in said.json()["detail"]


def test_a_long_head_is_refused(shared_site: Site) -> None:
    said = httpx.get(f"{shared_site.url}/login/", headers={"X-Long": "x" * HEAD_BYTES})
    assert said.status_code in (400, 431)


def test_an_upload_may_be_long(shared_site: Site, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("text\n" + "a message that is not short\n" * 200_000)
    assert rows.stat().st_size > 2 * FORM_BYTES
    with shared_site.client() as client, rows.open("rb") as file:
        page = client.get("/projects/shop/imports/")
        fields = {"csrfmiddlewaretoken": client.cookies["csrftoken"], "text_column": "text", "answers": "none"}
        assert page.status_code == 200
        said = client.post("/projects/shop/imports/", data=fields, files={"file": file})
    assert said.status_code == 302, said.text
    assert "/projects/shop/imports/" in said.headers["Location"]


def test_the_first_door_that_fits_counts_with_and_without_a_prefix() -> None:
    table = doors(api_bytes=10, upload_bytes=20)
    paths = {"/projects/shop/imports/": 20, "/api/v1/projects": 10, "/login/": 16_384, "/projects/shop/": FORM_BYTES}
    for path, limit in paths.items():
        assert door_for(path, "", table).max_bytes == limit
        assert door_for("/label" + path, "/label", table).max_bytes == limit
    assert door_for("/loginx", "", table).max_bytes == FORM_BYTES


def test_several_processes_serve(shared_site: Site) -> None:
    assert len(family(shared_site)) >= 3
    with httpx.Client(base_url=shared_site.url) as client:
        assert log_in(client, "/login/").status_code == 302


def family(site: Site) -> list[psutil.Process]:
    """The master and its workers."""
    found = [each for each in psutil.Process().children(recursive=True) if "config.wsgi:application" in each.cmdline()]
    return [each for each in found if each.environ().get("TOUCHSTONE_VAR") == site.env["TOUCHSTONE_VAR"]]
