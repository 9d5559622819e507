"""What every answer says to browsers and proxies, and to strangers: headers, health under any host, unsafe starts."""

import os
import subprocess
import sys

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured

from config.public import refuse_unsafe
from tests.config.processes import ROOT
from tests.config.site import HEALTH_KEY, Site, web
from tests.processes import alive, free_port

LONG = "k3y-" * 6 + "0123456789abcdefghijklmnopqrstuv"
PAGES = ("/", "/projects/shop/samples/", "/projects/shop/review/", "/api/v1/projects/shop/samples", "/api/v1/docs")


def test_no_page_runs_or_keeps_anything_foreign(shared_site: Site) -> None:
    with shared_site.client() as client:
        for page in (*PAGES, "/login/", "/nowhere/"):
            said = client.get(page)
            policy = said.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
            assert said.headers["Cache-Control"] == "no-store"
            assert said.headers["X-Content-Type-Options"] == "nosniff"
            assert said.headers["X-Frame-Options"] == "DENY"
            assert said.headers["Referrer-Policy"] == "same-origin"
        admin = client.get("/admin/").headers["Content-Security-Policy"]
        style = client.get("/static/css/touchstone.css")
    assert "script-src 'self' 'unsafe-eval'" in admin
    assert "no-store" not in style.headers["Cache-Control"]


def test_health_is_told_under_any_host_and_to_staff_in_full(shared_site: Site, tmp_path: object) -> None:
    port = free_port()
    public = {"ALLOWED_HOSTS": "label.example.org", "SECRET_KEY": LONG, "HTTPS": "true"}
    with alive(web(port), port, shared_site.env | public, shared_site.log.with_name("public.log")) as url:
        assert httpx.get(f"{url}/livez").json() == {"status": "ok"}
        assert set(httpx.get(f"{url}/readyz").json()) == {"status"}
        assert httpx.get(f"{url}/login/").status_code in (301, 400)
    with shared_site.client() as client:
        assert set(client.get("/readyz").json()) == {"status", "parts"}
        client.cookies.set("sessionid", "guessed")
        assert set(client.get("/readyz").json()) == {"status"}
    with_key = httpx.get(f"{shared_site.url}/readyz", headers={"Authorization": f"Bearer {HEALTH_KEY}"})
    assert set(with_key.json()) == {"status", "parts"}


@pytest.mark.parametrize(
    ("key", "debug", "hosts", "says"),
    [
        ("short", False, ["label.example.org"], "SECRET_KEY can be guessed"),
        ("a" * 60, False, ["localhost", "*"], "SECRET_KEY can be guessed"),
        ("django-insecure-" + LONG, False, [".example.org"], "SECRET_KEY can be guessed"),
        (LONG, True, ["192.0.2.7"], "unset DEBUG"),
    ],
)
def test_what_is_unsafe_in_public_does_not_start(key: str, debug: bool, hosts: list[str], says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=says):
        refuse_unsafe(key, debug, hosts)


def test_on_ones_own_machine_anything_goes() -> None:
    refuse_unsafe("short", True, ["localhost", "127.0.0.1", "[::1]", "a.localhost"])
    refuse_unsafe(LONG, False, ["label.example.org"])


def test_the_web_process_ends_with_the_sentence() -> None:
    env = os.environ | {"ALLOWED_HOSTS": "label.example.org", "SECRET_KEY": "short"}
    done = subprocess.run(web(free_port()), cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode
    assert "SECRET_KEY can be guessed, and ALLOWED_HOSTS has label.example.org" in done.stderr


def test_a_prefix_that_is_none_is_refused() -> None:
    env = os.environ | {"SCRIPT_NAME": "label"}
    done = subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert "SCRIPT_NAME must be a path such as /label, not 'label'." in done.stderr
