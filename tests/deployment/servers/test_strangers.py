"""What a proxy, or something else at a server's address, answers becomes one sentence; its HTML is shown to nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.urls import reverse

from deployment.models import InferenceServer
from deployment.servers.drivers import Content, DriverError, NotThereError, SlowError, TransportError
from deployment.servers.drivers.local import LocalDriver
from deployment.servers.drivers.ollama import OllamaDriver
from deployment.servers.health import probe_by_worker
from deployment.servers.registration import add_server, save_server
from deployment.sweep import sweep
from tests.deployment.standins import content_of
from tests.factories import SYSTEM, make_admin

PAGE = "\n<!DOCTYPE html>\n<html><head><title>Oops</title></head><body><h1>Intranet</h1></body></html>"
TAG = "models.invalid/touchstone/shop:v1"


@contextmanager
def answering(status: int, body: str = PAGE) -> Iterator[str]:
    """A server of pages: its address."""

    class Pages(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_GET = do_POST = do_HEAD = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def artifact(tmp_path: Path) -> Content:
    path = tmp_path / "v1.gguf"
    path.write_bytes(b"GGUF")
    return content_of(path)


def ollama(url: str) -> OllamaDriver:
    return OllamaDriver(url, "", 1, 5.0)


@pytest.mark.parametrize("make", [ollama, lambda url: LocalDriver(url, "some-key", 1, 5.0)], ids=["ollama", "local"])
@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (200, "this address answers, but not as a", TransportError),
        (401, "wants a key", DriverError),
        (403, "refuses us", DriverError),
        (404, "this address answers, but not as a", DriverError),
        (405, "this address answers, but not as a", DriverError),
        (413, "client_max_body_size", DriverError),
        (500, "the proxy in front of the server failed", TransportError),
        (502, "gets no answer from it", TransportError),
        (503, "not ready", TransportError),
        (504, "proxy_read_timeout", SlowError),
    ],
)
def test_a_page_is_one_sentence(make, status, said, kind):
    with answering(status) as url:
        driver = make(url)
        for ask in (driver.probe, driver.catalogue, lambda: driver.chat(TAG, [], {}, None)):
            with pytest.raises(kind) as caught:
                ask()
            assert said in str(caught.value)
            assert "<" not in str(caught.value)
            assert "Intranet" not in str(caught.value)
            # A tag that is not there would be made anew: no page may say so.
            assert not isinstance(caught.value, NotThereError)


def test_an_upload_that_a_proxy_refuses_names_the_limit(standin, artifact):
    driver = ollama(standin.url)
    standin.fault("/api/blobs/", times=9, method="POST", status=413)
    with pytest.raises(DriverError, match="client_max_body_size"):
        driver.stage(TAG, artifact)


@pytest.mark.django_db(transaction=True)
def test_a_registered_server_is_asked_by_a_worker(standin, sent):
    server = add_server(SYSTEM, name="gpu1", kind="ollama", url=standin.url)
    assert sent == [("deployment.probe", server.pk)]
    probe_by_worker(server.pk)
    server.refresh_from_db()
    assert (server.error, server.seen_at is None) == ("", False)
    assert server.version


@pytest.mark.django_db(transaction=True)
def test_the_admin_says_what_a_worker_found(client, sent):
    client.force_login(make_admin())
    with answering(404) as url:
        server = add_server(SYSTEM, name="web", kind="ollama", url=url)
        page = reverse("admin:deployment_inferenceserver_change", args=[server.pk])
        assert "A worker asks who it is" in client.get(page).content.decode()
        probe_by_worker(server.pk)
    said = client.get(page).content.decode()
    assert "this address answers, but not as an Ollama" in said
    assert "Intranet" not in said


@pytest.mark.django_db(transaction=True)
def test_what_never_answered_is_asked_again_and_another_address_anew(standin, sent):
    server = add_server(SYSTEM, name="gpu1", kind="ollama", url="http://127.0.0.1:9")
    probe_by_worker(server.pk)
    server.refresh_from_db()
    assert server.error
    sent.clear()
    sweep()
    assert ("deployment.probe", server.pk) in sent
    server.url = standin.url
    save_server(SYSTEM, server, ["url"])
    assert server.error == ""
    probe_by_worker(server.pk)
    sent.clear()
    sweep()
    assert ("deployment.probe", server.pk) not in sent
    assert InferenceServer.objects.get().version
