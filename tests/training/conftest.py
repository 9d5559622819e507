"""Folders of their own for every test; a project called `shop`; one tiny base model and one encoder for all."""

from pathlib import Path
from typing import Any

import pytest

from labeling.models import Project
from tests.factories import make_project
from tests.training.engine.conftest import tiny_base, tunable  # noqa: F401  (fixtures)


@pytest.fixture
def folders(settings: Any, tmp_path: Path) -> Path:
    """Snapshots and runs of this test alone, for tests without worker processes."""
    settings.SNAPSHOTS_DIR = tmp_path / "snapshots"
    settings.RUNS_DIR = tmp_path / "runs"
    return tmp_path


@pytest.fixture
def shop(folders: Path, db: None) -> Project:
    return make_project("shop")
