"""PostgreSQL stands still: the process says that it lives, pages say so in five seconds, and everything comes back."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings

from config.checks import database_limits_are_ordered
from config.database.connection import answers
from tests.config.processes import ROOT, eventually
from tests.config.site import HEALTH_KEY, Site, timed

PAGES = ("/", "/projects/shop/samples/", "/projects/shop/review/", "/admin/", "/api/v1/projects/shop/samples")
CROWD = 40


@contextmanager
def crowd(client: httpx.Client) -> Iterator[list[tuple[httpx.Response, float]]]:
    """Many more requests than the web process has threads, meanwhile; what they were answered."""
    found: list[tuple[httpx.Response, float]] = []
    with ThreadPoolExecutor(CROWD) as pool:
        waiting = [pool.submit(timed, client.get, PAGES[number % len(PAGES)]) for number in range(CROWD)]
        yield found
        found += [each.result() for each in waiting]


def test_livez_answers_and_pages_say_so_in_time(shared_site: Site) -> None:
    with shared_site.client() as client:
        for page in PAGES:
            assert client.get(page).status_code == 200
        with shared_site.stopped(shared_site.database):
            with crowd(client) as answered:
                lives = [timed(httpx.get, f"{shared_site.url}/livez") for _ in range(20)]
            time.sleep(2.5)  # until it is asked again
            ready, patience = timed(httpx.get, f"{shared_site.url}/readyz")
            later = [timed(client.get, page) for page in PAGES]
        assert eventually(lambda: client.get(PAGES[1]).status_code == 200, 15)
    assert {said.status_code for said, _ in lives} == {200}
    assert {said.status_code for said, _ in answered + later} == {503}
    assert (ready.status_code, ready.json()) == (503, {"status": "unready"})
    slowest = [max(seconds for _, seconds in each) for each in (lives, answered, later)]
    print("livez {:.2f} s, pages at once {:.2f} s, pages later {:.2f} s, ".format(*slowest), f"readyz {patience:.2f} s")
    assert slowest[0] < 1.5
    assert slowest[1] < 5
    assert slowest[2] < 5
    assert patience < 2.5


def test_people_get_a_page_and_programs_a_problem(shared_site: Site) -> None:
    with shared_site.client() as client, shared_site.stopped(shared_site.database):
        page, problem = client.get(PAGES[1]), client.get(PAGES[4])
    assert "cannot reach its database" in page.text
    assert page.headers["Retry-After"] == problem.headers["Retry-After"] == "5"
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["status"] == 503


def test_a_lock_that_somebody_holds_is_not_waited_for(shared_site: Site) -> None:
    with shared_site.client() as client, psycopg.connect(shared_site.env["DATABASE_URL"]) as other:
        other.execute("LOCK TABLE labeling_sample IN ACCESS EXCLUSIVE MODE")
        said, seconds = timed(client.get, PAGES[1])
        other.rollback()
        assert said.status_code == 503
        assert settings.DATABASE_LOCK_SECONDS - 1 < seconds < settings.DATABASE_LOCK_SECONDS + 5
        assert eventually(lambda: client.get(PAGES[1]).status_code == 200, 15)


def test_a_slow_statement_is_no_server_that_is_away(shared_site: Site) -> None:
    code = (
        "import django, time; django.setup(); import config.wsgi; from django.db import connection\n"
        "cursor = connection.cursor(); cursor.execute('SELECT pg_sleep(4)'); print('done')\n"
        "cursor.execute('SHOW statement_timeout'); print(cursor.fetchone())"
    )
    env = shared_site.env | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["done", "('15s',)"], done.stderr


def test_a_server_that_stands_still_is_told_from_one_that_answers(shared_site: Site) -> None:
    with psycopg.connect(shared_site.env["DATABASE_URL"]) as other:
        host, port = other.info.host, other.info.port
    assert answers(host, port)
    with shared_site.stopped(shared_site.database):
        began = time.monotonic()
        assert not answers(host, port)
        assert time.monotonic() - began < 2
    assert not answers("127.0.0.1", 1)
    assert not answers("/nowhere", port)


def test_limits_out_of_order_are_an_error_at_start(settings: Any) -> None:
    assert database_limits_are_ordered() == []
    settings.DATABASE_LOCK_SECONDS = settings.DATABASE_STATEMENT_SECONDS
    assert [error.id for error in database_limits_are_ordered()] == ["touchstone.E003"]
    settings.DATABASE_CONNECT_SECONDS = 0
    assert "0=0.0 must be below DATABASE_CONNECT_SECONDS=0" in database_limits_are_ordered()[0].msg


def test_a_monitor_with_the_key_is_told_what_is_away(shared_site: Site) -> None:
    key = {"Authorization": f"Bearer {HEALTH_KEY}"}
    with shared_site.stopped(shared_site.database):
        said = httpx.get(f"{shared_site.url}/readyz", headers=key)
    parts = said.json()["parts"]
    assert parts["broker"] == parts["cache"] == "ok"
    assert parts["database"] != "ok"


@pytest.mark.parametrize("header", ["Bearer", "Bearer guessed"])
def test_others_are_not(shared_site: Site, header: str) -> None:
    assert set(httpx.get(f"{shared_site.url}/readyz", headers={"Authorization": header}).json()) == {"status"}
