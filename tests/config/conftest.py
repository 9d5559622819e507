"""Folders for tests that start servers of their own."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.faults import copy_of, launch_env
from tests.config.processes import ROOT
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
def was_up() -> Iterator[Path]:
    """A runtime folder as the launcher leaves it after a first start: making it is most of such a start."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as path:
        Path(path).chmod(0o711)
        command = [sys.executable, "-m", "config.launcher", "run", "--", "manage.py", "set_up", "-v", "0"]
        subprocess.run(command, cwd=ROOT, env=launch_env(Path(path) / "var"), check=True)
        yield Path(path) / "var"


@pytest.fixture
def used_var(was_up: Path, folder: Path) -> Path:
    """A runtime folder of its own that was up before."""
    return copy_of(was_up, folder)


@pytest.fixture(scope="session")
def shared_site(was_up: Path) -> Iterator[Site]:
    """One site for all tests of this worker that leave it as they found it."""
    with site(was_up) as up:
        yield up
