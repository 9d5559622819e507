"""Fixtures that all tests share, and the rule that nothing is skipped in CI."""

import gc
import os
import sys
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.browser import browser  # noqa: F401
from tests.workers import start_workers  # noqa: F401

if TYPE_CHECKING:
    from tests.event_watch import Watch

QUEUES = ("urgent", "default", "bulk", "vectors", "heads", "build", "gpu")
MAY_BE_SKIPPED = {"gpu", "ollama"}
SLOW = ("loop", "ml", "browser")
_skipped: list[str] = []
_BEFORE = pytest.StashKey[dict[str, str | None]]()
# So many new modules are worth a look at all objects.
_MANY_MODULES = 200
_modules_frozen = 0


@pytest.fixture(scope="session")
def event_watch() -> "Iterator[Watch]":
    from config.database import limits
    from tests.event_watch import watching
    from tests.live_requests import ended_before_tables_are_emptied

    # `live_server` loads `config.wsgi` into this process; its short waits are for people, not for emptying tables.
    with pytest.MonkeyPatch.context() as patch, watching() as watch, ended_before_tables_are_emptied():
        patch.setattr(limits, "limit_waits", lambda: None)
        yield watch


@pytest.fixture(autouse=True)
def every_change_is_told(event_watch: "Watch") -> Iterator[None]:
    """A transaction of ours that changes a domain table without an event fails the test that ran it."""
    event_watch.broken.clear()
    yield
    assert not event_watch.broken, "changes that no event tells of:\n" + "\n".join(event_watch.broken)


@pytest.fixture
def process_env(transactional_db: None, settings: object) -> Iterator[dict[str, str]]:
    """The environment for real worker processes: they use the test database and find empty queues."""
    from django.db import connection

    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    _empty_queues()
    yield {**os.environ, "DATABASE_URL": url}
    _empty_queues()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int | str, ...]]:
    """Messages to workers as (task, arguments...), in place of the broker: at once, as most tests never commit."""
    found: list[tuple[int | str, ...]] = []
    monkeypatch.setattr("common.queue.transaction", SimpleNamespace(on_commit=lambda send, robust: send()))
    monkeypatch.setattr("common.queue._reminded", {})
    monkeypatch.setattr("common.queue._send", lambda task, arguments: found.append((task, *arguments)))
    return found


def _empty_queues() -> None:
    """`control.purge` would empty the default queue alone."""
    from config import celery_app

    with celery_app.connection_for_write() as broker:
        for queue in QUEUES:
            broker.default_channel.queue_purge(queue)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a live Ollama run where OLLAMA_HOST names one, and may reach that host alone.

    Files whose tests take long, as they start processes, come first: workers of pytest-xdist end at the same time then.
    """
    slow = {item.path for item in items if any(map(item.get_closest_marker, SLOW))}
    items.sort(key=lambda item: item.path not in slow)
    live = os.environ.get("OLLAMA_HOST", "")
    for item in items:
        if item.get_closest_marker("ollama"):
            host = urlsplit(live if "//" in live else f"//{live}").hostname
            needs = pytest.mark.skip(reason="OLLAMA_HOST is not set: it names the live Ollama to certify")
            item.add_marker(pytest.mark.allow_hosts([host, "127.0.0.1", "::1", "localhost"]) if host else needs)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_BEFORE] = _settings()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A test that leaves other settings in the environment fails, not the ones that start processes in it later."""
    yield
    assert _settings() == item.stash[_BEFORE], "the environment is not what it was before"


@pytest.hookimpl(trylast=True)
def pytest_runtest_call() -> None:
    """Modules stay to the end of the run: a quarter of its time would go into looking whether they are garbage."""
    global _modules_frozen
    if len(sys.modules) >= _modules_frozen + _MANY_MODULES:
        gc.collect()
        gc.freeze()
        _modules_frozen = len(sys.modules)


@cache
def _names() -> list[str]:
    from config.launcher.environment import names_of_settings

    return names_of_settings()


def _settings() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in _names()}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and not MAY_BE_SKIPPED & set(report.keywords):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that did not run is a failure, unless it needs what CI cannot have."""
    if os.environ.get("TOUCHSTONE_CI") and _skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("TOUCHSTONE_CI") and _skipped:
        terminalreporter.section("skipped, though TOUCHSTONE_CI is set", red=True)
        for nodeid in _skipped:
            terminalreporter.line(nodeid)
