"""Fixtures that all tests share, and the rule that nothing is skipped in CI."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest

# One browser for the whole session: a fixture imported by several modules would start several.
from tests.browser import browser  # noqa: F401

QUEUES = ("default", "build", "gpu")
MAY_BE_SKIPPED = {"gpu", "ollama"}
_skipped: list[str] = []


@pytest.fixture
def process_env(transactional_db: None, settings: object) -> Iterator[dict[str, str]]:
    """The environment for real worker processes: they use the test database and find empty queues."""
    from django.db import connection

    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    _empty_queues()
    yield {**os.environ, "DATABASE_URL": url}
    _empty_queues()


def _empty_queues() -> None:
    """`control.purge` would empty the default queue alone."""
    from config import celery_app

    with celery_app.connection_for_write() as broker:
        for queue in QUEUES:
            broker.default_channel.queue_purge(queue)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright's event loop stays in this thread, where `asyncio.run` then fails.

    Tests of a live Ollama run where OLLAMA_HOST names one, and may reach that host alone.
    """
    live = os.environ.get("OLLAMA_HOST", "")
    for item in items:
        if item.get_closest_marker("ollama"):
            host = urlsplit(live if "//" in live else f"//{live}").hostname
            needs = pytest.mark.skip(reason="OLLAMA_HOST is not set: it names the live Ollama to certify")
            item.add_marker(pytest.mark.allow_hosts([host, "127.0.0.1", "::1", "localhost"]) if host else needs)
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


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
