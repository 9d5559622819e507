"""Fixtures that all tests share."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest


@pytest.fixture
def process_env(transactional_db: None, settings: object) -> Iterator[dict[str, str]]:
    """The environment for real worker processes: they use the test database and an own, empty broker database."""
    from django.db import connection

    from config import celery_app

    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    celery_app.control.purge()
    yield {**os.environ, "DATABASE_URL": url}
    celery_app.control.purge()
