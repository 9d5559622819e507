"""An address is checked again when it is called: names may lead elsewhere by then, and servers redirect."""

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from common.problems import UnavailableError
from deployment.models import InferenceServer
from deployment.servers.drivers import AddressRefusedError, TransportError, driver_for
from deployment.servers.health import probe_server
from deployment.serving.predict import predict
from tests.deployment.moves import promote
from tests.deployment.standins import content_of, make_staged
from tests.factories import SYSTEM, acting, make_admin

KINDS = ["ollama", "local"]
MESSAGES = [{"role": "user", "content": "Hi"}]


@contextlib.contextmanager
def listening(status: int, headers: dict[str, str], body: bytes = b"") -> Iterator[tuple[int, list[str]]]:
    """A server that answers everything so: its port, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_HEAD = do_DELETE = do_PUT = answer

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that sends everybody to another path of itself."""
    with listening(307, {"Location": "/inner"}) as (port, asked):
        yield f"http://127.0.0.1:{port}", asked


@pytest.fixture
def port() -> Iterator[int]:
    """A server that calls itself an Ollama, whatever name it is called by."""
    with listening(200, {"Content-Type": "application/json"}, b'{"version": "0.33.0"}') as (found, _):
        yield found


@pytest.fixture(autouse=True)
def key(settings):
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"


def driver_at(url, kind="ollama"):
    return driver_for(InferenceServer(name="x", kind=kind, url=url))


def verbs(driver, tmp_path):
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF")
    return {
        "probe": driver.probe,
        "catalogue": driver.catalogue,
        "measure": driver.measure,
        "load": lambda: driver.load("m:v1"),
        "unload": lambda: driver.unload("m:v1"),
        "remove": lambda: driver.remove("m:v1"),
        "digest_of": lambda: driver.digest_of("m:v1"),
        "render": lambda: driver.render("m:v1", MESSAGES),
        "chat": lambda: driver.chat("m:v1", MESSAGES, {}, None),
        "stage": lambda: driver.stage("m:v1", content_of(model)),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_no_verb_follows_a_redirect(elsewhere, kind, tmp_path):
    url, asked = elsewhere
    for name, verb in verbs(driver_at(url, kind), tmp_path).items():
        with pytest.raises(AddressRefusedError, match="answered with a redirect to '/inner', which is not followed"):
            verb()
        assert "/inner" not in asked, name
    if kind == "ollama":
        with pytest.raises(AddressRefusedError, match="redirect"):
            driver_at(url).move("alias", "m:v1")
        with pytest.raises(AddressRefusedError, match="redirect"):
            driver_at(url).pull("smollm2:135m")
        assert "/inner" not in asked


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_with_a_forbidden_address_is_not_called(kind):
    with pytest.raises(AddressRefusedError, match="link-local and never called"):
        driver_at("http://169.254.169.254:80", kind)


@pytest.fixture
def names(monkeypatch):
    """What names lead to just now."""
    found: dict[str, list[str]] = {}

    def look_up(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found.get(host, [host])]

    monkeypatch.setattr("common.checked_http.socket.getaddrinfo", look_up)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_leads_to_metadata_is_not_called(names, kind):
    names["llm"] = ["169.254.169.254"]
    with pytest.raises(AddressRefusedError, match=r"llm leads to 169\.254\.169\.254, which is link-local"):
        driver_at(f"http://llm:{9000 + len(kind)}", kind).probe()


def test_a_name_that_leads_elsewhere_at_the_second_call_is_not_called_again(names, port):
    names["rebound.internal"] = ["127.0.0.1"]
    driver = driver_at(f"http://rebound.internal:{port}")
    assert driver.probe().version
    names["rebound.internal"] = ["169.254.169.254"]
    driver.http._transport._pool.close()  # the kept connection is to the old address, and ends some day
    with pytest.raises(AddressRefusedError, match=r"rebound\.internal leads to"):
        driver.probe()


def test_of_several_addresses_a_good_one_is_taken(names, port):
    """As with names of a local network, which lead to a link-local address beside the real one."""
    names["both.local"] = ["169.254.7.7", "127.0.0.1"]
    assert driver_at(f"http://both.local:{port}").probe().version


def test_a_list_of_networks_is_held_against_what_a_name_leads_to(names, settings):
    settings.MODEL_SERVER_HOSTS = [ipaddress.ip_network("10.0.0.0/8")]
    names["outside"] = ["192.0.2.7"]
    with pytest.raises(AddressRefusedError, match=r"outside \(192\.0\.2\.7\) is not called: MODEL_SERVER_HOSTS"):
        driver_at("http://outside:1").probe()


def test_a_name_that_nobody_knows_is_a_server_that_does_not_answer(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("common.checked_http.socket.getaddrinfo", unknown)
    with pytest.raises(TransportError, match="nowhere-to-be-found is not known here"):
        driver_at("http://nowhere-to-be-found:1").probe()


def test_no_proxy_of_the_environment_is_asked(monkeypatch, port):
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")
    monkeypatch.setenv("NO_PROXY", "")
    assert driver_at(f"http://127.0.0.1:{port}").probe().version


@pytest.mark.django_db
def test_a_live_version_on_such_a_server_says_so_and_the_probe_too(shop, elsewhere):
    promote(acting(make_admin()), make_staged(shop, 1))
    InferenceServer.objects.update(url=elsewhere[0])
    with pytest.raises(UnavailableError, match="redirect to '/inner'"):
        predict(SYSTEM, shop, "Where is it?")
    server = InferenceServer.objects.get()
    assert "which is not followed" in probe_server(SYSTEM, server)
    assert server.failures == 1
