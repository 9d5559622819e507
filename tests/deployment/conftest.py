"""A stand-in Ollama for each test that asks for one, and a project that is served from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from labeling.models import Project
from tests.deployment.standins import Standin, make_server, ollama_standin, serve_from
from tests.factories import make_project


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with ollama_standin(tmp_path) as running:
        yield running


@pytest.fixture
def shop(standin: Standin, db: None) -> Project:
    """The project `shop`, served from the stand-in."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url))
    return project
