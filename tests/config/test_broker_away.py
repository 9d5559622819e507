"""The broker stands still or is gone: what people save is kept within a second, and requests are let in uncounted."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.config.processes import eventually
from tests.config.site import HEALTH_KEY, Site, log_in, timed, web
from tests.processes import alive, free_port

SENTENCE = "the queue does not answer now"
SAVES = 6


@contextmanager
def away(site: Site, how: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The URL and the log of a web process whose broker stands still, or is gone."""
    if how == "stopped":
        with site.stopped(site.broker):
            yield site.url, site.log
    else:
        port, log = free_port(), folder / "web.log"
        nobody = f"redis://127.0.0.1:{free_port()}/0"
        with alive(web(port), port, site.env | {"CELERY_BROKER_URL": nobody}, log) as url:
            yield url, log


@contextmanager
def logged_in(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as client:
        assert log_in(client, "/login/").status_code == 302
        yield client


@pytest.mark.parametrize("how", ["stopped", "gone"])
def test_what_is_saved_is_kept_at_once(shared_site: Site, how: str, tmp_path: Path) -> None:
    before = count(shared_site, "labeling_importbatch")
    with away(shared_site, how, tmp_path) as (url, log), logged_in(url) as client:
        took = []
        for number in range(SAVES):
            client.get("/projects/shop/imports/")
            fields = {"csrfmiddlewaretoken": client.cookies["csrftoken"], "text_column": "text", "answers": "none"}
            files = {"file": ("rows.csv", f"text\nmessage {number} {how}\n")}
            took.append(timed(client.post, "/projects/shop/imports/", data=fields, files=files))
        page = client.get(took[-1][0].headers["Location"])
        assert SENTENCE in page.text
    assert [said.status_code for said, _ in took] == [302] * SAVES
    assert count(shared_site, "labeling_importbatch") == before + SAVES
    assert "was not sent, the next sweep will find it" in log.read_text()
    worst = max(seconds for _, seconds in took)
    print(f"broker {how}: the slowest of {SAVES} saves took {worst:.2f} s")
    assert worst < 1.5


@pytest.mark.parametrize("how", ["stopped", "gone"])
def test_rest_goes_on_uncounted_with_a_warning(shared_site: Site, how: str, tmp_path: Path) -> None:
    with away(shared_site, how, tmp_path) as (url, log), logged_in(url) as client:
        took = [timed(client.get, "/api/v1/projects/shop/samples") for _ in range(10)]
        saved, seconds = timed(
            client.post,
            "/api/v1/projects/shop/samples",
            json={"text": f"a text while it is {how}"},
            headers={"X-CSRFToken": client.cookies["csrftoken"]},
        )
    assert {said.status_code for said, _ in took} == {200}
    assert saved.status_code == 201, saved.text
    warnings = re.findall("WARNING config.api .* Requests are not throttled", log.read_text())
    assert 1 <= len(warnings) <= 8
    assert max(seconds, *(seconds for _, seconds in took)) < 1.5


@pytest.mark.parametrize("how", ["stopped", "gone"])
def test_readyz_names_it_in_two_seconds(shared_site: Site, how: str, tmp_path: Path) -> None:
    key = {"Authorization": f"Bearer {HEALTH_KEY}"}
    with away(shared_site, how, tmp_path) as (url, _):
        said, seconds = timed(httpx.get, f"{url}/readyz", headers=key)
    assert said.status_code == 503
    assert {name for name, state in said.json()["parts"].items() if state != "ok"} >= {"broker", "cache"}
    assert said.json()["parts"]["database"] == "ok"
    assert seconds < 2.5
    assert eventually(lambda: httpx.get(f"{shared_site.url}/readyz", headers=key).json()["parts"]["broker"] == "ok")


def count(site: Site, table: str) -> int:
    with psycopg.connect(site.env["DATABASE_URL"]) as database:
        row = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])
