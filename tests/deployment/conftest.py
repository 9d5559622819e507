"""A stand-in Ollama for each test that asks for one, and a project that is served from it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labeling.models import Project
from tests.browser import log_in
from tests.deployment.desk import Desk
from tests.deployment.standins import Standin, local_server, make_server, ollama_standin, serve_from
from tests.deployment.tiny_gguf import write_tiny_gguf
from tests.factories import make_admin, make_project


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with ollama_standin(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def standin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One stand-in for all tests that only add models of their own and want no faults."""
    with ollama_standin(tmp_path_factory.mktemp("standin")) as running:
        yield running.url


@pytest.fixture(scope="session")
def llama_standin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same with a real llama.cpp behind it."""
    with ollama_standin(tmp_path_factory.mktemp("llama"), "--llama") as running:
        yield running.url


@pytest.fixture
def shop(standin: Standin, db: None) -> Project:
    """The project `shop`, served from the stand-in."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url))
    return project


@pytest.fixture(scope="session")
def tiny_ggufs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two different real models of a few kilobytes."""
    folder = tmp_path_factory.mktemp("gguf")
    return write_tiny_gguf(folder / "v1.gguf", seed=1), write_tiny_gguf(folder / "v2.gguf", seed=2)


@pytest.fixture(scope="session")
def local_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One real local server for all tests that want it; their tags differ by project."""
    with local_server(tmp_path_factory.mktemp("localserver")) as url:
        yield url


@pytest.fixture(params=[(1440, 900, "keyboard"), (390, 844, "mouse")], ids=["wide", "narrow"])
def desk(request: pytest.FixtureRequest, browser: Any, live_server: Any) -> Iterator[Desk]:
    """Ada's window; any error on its console fails the test."""
    width, height, hands = request.param
    make_admin("ada")
    context = browser.new_context(viewport={"width": width, "height": height})
    desk = Desk(context.new_page(), live_server.url, hands)
    log_in(desk.page, live_server.url, "ada")
    yield desk
    context.close()
    assert not desk.errors
