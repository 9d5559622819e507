"""Folders for tests that start servers of their own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.site import Site, site


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the database's account reaches when the tests run as root; pytest closes its own to others."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as path:
        Path(path).chmod(0o711)
        yield Path(path)


@pytest.fixture
def var_dir(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder of its own, with nothing given by URL."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    return folder / "var"


@pytest.fixture(scope="session")
def shared_site() -> Iterator[Site]:
    """One site for all tests of this worker that leave it as they found it."""
    with site() as up:
        yield up
