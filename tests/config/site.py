"""A whole site of its own for tests of what hangs: embedded servers, and the real web process in front of them."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from config.embedded import ensure
from tests.config.faults import copy_of
from tests.config.processes import ROOT, clean_env, server_pids
from tests.processes import alive, free_port

PASSWORD = "pass-word-1"
HEALTH_KEY = "for-a-monitor"
_ROWS = """
import django
django.setup()
from labeling.models import Membership, Role
from tests.factories import make_admin, make_project, make_sample
project, admin = make_project("shop"), make_admin("ada")
Membership.objects.create(project=project, user=admin, role=Role.MANAGER)
for number in range(3):
    make_sample(project)
"""


class Site(NamedTuple):
    """Where it is, its processes, and the environment in which more of them can be started."""

    url: str
    env: dict[str, str]
    database: int
    broker: int
    log: Path

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A client that has logged in."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            said = log_in(client, "/login/")
            assert said.status_code == 302, said.text
            yield client

    @contextlib.contextmanager
    def stopped(self, leader: int) -> Iterator[None]:
        """Meanwhile the server and all that it has started stand still."""
        # PostgreSQL gives each of its processes a group of its own.
        first = psutil.Process(leader)
        first.suspend()
        family = first.children(recursive=True)
        for each in family:
            each.suspend()
        try:
            yield
        finally:
            for each in (*family, first):
                each.resume()
            time.sleep(2.5)  # each web process leaves alone what did not answer just now (common.pause)


def log_in(client: httpx.Client, path: str) -> httpx.Response:
    page = client.get(path)
    assert page.status_code == 200, page.text
    fields = {"login": "ada", "password": PASSWORD, **csrf(page)}
    return client.post(path, data=fields, headers={"Referer": str(page.url)})


def csrf(page: httpx.Response) -> dict[str, str]:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found is not None, page.text
    return {"csrfmiddlewaretoken": found[1]}


def timed(ask: "object", *words: object, **options: object) -> tuple[httpx.Response, float]:
    """What `ask` answers, and after how many seconds."""
    began = time.monotonic()
    said = ask(*words, **options)  # type: ignore[operator]
    return said, time.monotonic() - began


def web(port: int, *options: str) -> list[str]:
    return [sys.executable, "-m", "gunicorn", "config.wsgi:application", f"--bind=127.0.0.1:{port}", *options]


@contextlib.contextmanager
def site(was_up: Path) -> Iterator[Site]:
    """Everything up on a copy of `was_up`, with an administrator `ada` and a project `shop`; ended with the block."""
    with tempfile.TemporaryDirectory(prefix="touchstone-site-") as folder:
        Path(folder).chmod(0o711)
        var, port = copy_of(was_up, Path(folder)), free_port()
        with _without_urls():
            servers = ensure(var, durable=False)
        try:
            env = clean_env() | {
                "DATABASE_URL": servers.database_url,
                "CELERY_BROKER_URL": servers.broker_url,
                "TOUCHSTONE_VAR": str(var),
                "HEALTH_KEY": HEALTH_KEY,
                "PYTHONPATH": str(ROOT),
            }
            subprocess.run([sys.executable, "-c", _ROWS], cwd=ROOT, env=env, check=True)
            database, broker = server_pids(var)
            log = var / "log" / "web.log"
            with alive(web(port), port, env, log) as url:
                yield Site(url, env, database, broker, log)
        finally:
            servers.stop()


@contextlib.contextmanager
def _without_urls() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in ("DATABASE_URL", "CELERY_BROKER_URL") if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
