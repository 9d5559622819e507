"""Loaded by pytest before Django's settings: starts the real servers that the tests run on, and ends them."""

import contextlib
import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.pure import is_pure, only_pure, start_nothing

_stack = contextlib.ExitStack()
_pure = False


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    global _pure
    options = early_config.known_args_namespace
    _pure = only_pure(options.file_or_dir, options.markexpr)
    if _pure:
        start_nothing(early_config)
    elif "-p no:django" not in " ".join(os.environ.get("PYTEST_ADDOPTS", "").split()):
        from tests.servers import test_servers

        database_url, broker_url = _stack.enter_context(test_servers())
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": _own_part(broker_url),
            "SECRET_KEY": "for-tests-only",
            "TOUCHSTONE_VAR": _stack.enter_context(tempfile.TemporaryDirectory(prefix="touchstone-test-")),
            "TOUCHSTONE_EMBEDDED": "1",
            "TOUCHSTONE_TOOLS": os.path.abspath("var/tools"),
            "TOUCHSTONE_MODELS": os.path.abspath("var/models"),
            # Tests have the encoders that they make themselves, whatever lies among the models.
            "SENTENCE_ENCODER": "none",
            "LEASE_SECONDS": "4",
            "SWEEP_SECONDS": "1",
            "WATCH_SECONDS": "1",
            "REAP_SECONDS": "1",
            "API_RATE": "100000/minute",
        }
    return (yield)


def _own_part(broker_url: str) -> str:
    """Of the one broker, a database for each process of pytest-xdist: else their workers take each other's messages."""
    number = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    return urlunsplit(urlsplit(broker_url)._replace(path=f"/{int(number) + 1}")) if number else broker_url


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """A run of pure tests imports no other test file: most need Django."""
    return True if _pure and collection_path.suffix == ".py" and not is_pure(collection_path) else None


def pytest_unconfigure() -> None:
    _stack.close()
