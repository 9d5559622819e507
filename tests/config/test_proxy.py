"""Behind a real nginx: TLS, whose forwarded headers are believed, a path prefix, and limits in front of our own."""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import yaml

from config.web.doors import FORM_BYTES, doors
from tests.config import nginx as front
from tests.config.processes import ROOT
from tests.config.site import Site, csrf, log_in, web
from tests.processes import alive, free_port

Start = Callable[..., httpx.Client]
pytestmark = pytest.mark.skipif(front.PROGRAM is None, reason="nginx is not installed")


@pytest.fixture
def start(shared_site: Site, folder: Path) -> Iterator[Start]:
    """`start("https", prefix="/label")`: a client of an nginx before a web process; it trusts its certificate."""
    with ExitStack() as stack:

        def up(kind: str, prefix: str = "", **settings: str) -> httpx.Client:
            port = free_port()
            behind = {"TRUSTED_PROXY": "127.0.0.1", "HTTPS": str(kind == "https").lower(), "SCRIPT_NAME": prefix}
            env = shared_site.env | behind | settings
            where = stack.enter_context(alive(web(port), port, env, folder / "web.log"))
            url = stack.enter_context(front.nginx(folder, where, kind=kind, prefix=prefix))
            trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
            return stack.enter_context(httpx.Client(base_url=url, verify=trust, timeout=30))

        yield up


@pytest.mark.parametrize(("kind", "prefix"), [("http", ""), ("http", "/label"), ("https", ""), ("https", "/label")])
def test_one_logs_in_and_finds_everything(start: Start, kind: str, prefix: str) -> None:
    client = start(kind, prefix)
    login = client.get("/")
    assert login.status_code == 302
    assert login.headers["Location"] == f"{prefix}/login/?next={prefix}/"
    page = client.get("/login/")
    styles = re.findall(r'(?:href|src)="([^"]*static/[^"]*)"', page.text)
    assert styles
    assert all(each.startswith(f"{prefix}/static/") for each in styles)
    root = str(client.base_url).removesuffix(f"{prefix}/")
    assert {client.get(f"{root}{each}").status_code for each in styles} == {200}
    entered = log_in(client, "/login/")
    assert (entered.status_code, entered.headers["Location"]) == (302, f"{prefix}/")
    for cookie in client.cookies.jar:
        place = f"{prefix}/login/" if cookie.name not in ("sessionid", "csrftoken") else f"{prefix}/"
        assert (cookie.path, cookie.secure) == (place, kind == "https")
    home = client.get("/")
    assert f'href="{prefix}/projects/shop/' in home.text
    admin = client.get("/admin/")
    assert admin.status_code == 200
    own = set(re.findall(r'(?:href|src|action)="(/[^"]*)"', home.text + admin.text))
    assert [each for each in own if not each.startswith(f"{prefix}/")] == []
    assert f'href="{prefix}/"' in admin.text
    form = {"csrfmiddlewaretoken": csrf(home)["csrfmiddlewaretoken"]}
    out = client.post("/logout/", data=form, headers={"Referer": f"{root}{prefix}/"})
    assert (out.status_code, out.headers["Location"]) == (302, f"{prefix}/login/")


def test_a_proxy_may_take_the_prefix_off(start: Start, shared_site: Site, folder: Path) -> None:
    port = free_port()
    with alive(web(port), port, shared_site.env | {"SCRIPT_NAME": "/label"}, folder / "own.log") as url:
        for path in ("/label/login/", "/login/", "/label/static/css/touchstone.css", "/static/css/touchstone.css"):
            assert httpx.get(f"{url}{path}").status_code == 200, path
        assert httpx.get(f"{url}/").headers["Location"] == "/label/login/?next=/label/"
        assert httpx.get(f"{url}/label/livez").json() == httpx.get(f"{url}/livez").json() == {"status": "ok"}


def test_tls_is_kept(start: Start) -> None:
    client = start("https")
    assert client.get("/login/").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_only_the_trusted_proxy_is_believed(start: Start, shared_site: Site) -> None:
    claims = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    client = start("https")
    assert client.get("/login/", headers=claims | {"X-Forwarded-Proto": "http"}).status_code == 200
    # Without a proxy that is trusted, whoever says so does not come by TLS.
    said = httpx.get(f"{shared_site.url}/login/", headers=claims)
    assert "Strict-Transport-Security" not in said.headers


def test_a_client_that_says_it_is_another_is_counted_as_itself(start: Start) -> None:
    client = start("http", API_RATE="3/minute")
    said = [client.get("/api/v1/schema", headers={"X-Forwarded-For": f"203.0.113.{number}"}) for number in range(5)]
    assert [each.status_code for each in said] == [200, 200, 200, 429, 429]


def test_too_much_ends_at_nginx(start: Start, folder: Path) -> None:
    client = start("http")
    page = client.post("/login/", content=b"x" * 3_000_000)
    problem = client.post("/api/v1/projects/shop/samples", content=b"x" * 16_100_000)
    assert (page.status_code, problem.status_code) == (413, 413)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert "At most 16000000 bytes" in problem.json()["detail"]


def test_nginx_and_our_own_doors_have_the_same_limits() -> None:
    text = (ROOT / "nginx" / "doors.inc.template").read_text()
    sizes = re.findall(r"client_max_body_size (\S+);", text)
    table = doors(api_bytes=1, upload_bytes=2)
    assert sizes == [str(FORM_BYTES), "${UPLOAD_MAX_BYTES}", str(table[2].max_bytes), "${API_MAX_BODY_BYTES}"]
    for pattern in (table[0].path.pattern, table[2].path.pattern):
        assert f"location ~ ^${{PREFIX}}{pattern} {{" in text


def test_compose_gives_nginx_all_that_its_templates_ask_for() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["nginx"]
    mounted = " ".join(service["volumes"])
    for path in (ROOT / "nginx").glob("*.template"):
        assert set(re.findall(r"\$\{(\w+)\}", path.read_text())) <= set(service["environment"])
        assert path.name.removeprefix("http").removeprefix("s") in mounted
