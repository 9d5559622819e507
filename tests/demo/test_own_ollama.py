"""`make demo OLLAMA_HOST=...`: the server at that address serves the project, and loses only what a demo left there."""

import httpx
import pytest

from demo.setup import serve
from demo.show import DemoError
from demo.support_tags import KEY
from deployment.servers.drivers import Content, driver_for
from tests.deployment.standins import content_of, ollama_standin
from tests.factories import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(tmp_path, monkeypatch):
    with ollama_standin(tmp_path / "ollama") as found:
        monkeypatch.setenv("OLLAMA_HOST", found.url.removeprefix("http://"))
        yield found


@pytest.fixture
def content(tmp_path) -> Content:
    path = tmp_path / "v1.gguf"
    path.write_bytes(b"GGUF of a demo")
    return content_of(path)


def test_what_an_earlier_demo_left_is_removed_and_nothing_else(running, content):
    project = make_project(KEY)
    serve(project)
    server = project.serving_policy.servers.get()
    assert (server.kind, server.url) == ("ollama", running.url)
    assert server.version
    assert server.threads >= 1, "both versions answer during the swap, on this machine's cores"
    driver = driver_for(server)
    for tag in (
        f"models.invalid/touchstone/{KEY}:v0",
        f"models.invalid/touchstone/{KEY}:v1",
        "models.invalid/touchstone/other:v1",
    ):
        driver.stage(tag, content)
    driver.move(KEY, f"models.invalid/touchstone/{KEY}:v1")

    project.serving_policy.delete()
    serve(project)
    assert list(running.models()) == ["models.invalid/touchstone/other:v1"]


def test_a_model_of_ones_own_under_the_demos_alias_stays(running, content):
    project = make_project(KEY)
    digest = f"sha256:{content.sha256}"
    httpx.post(f"{running.url}/api/blobs/{digest}", content=content.file.read_bytes()).raise_for_status()
    body = {"model": KEY, "files": {"v1.gguf": digest}, "system": "Mine.", "stream": False}
    httpx.post(f"{running.url}/api/create", json=body).raise_for_status()
    serve(project)
    assert list(running.models()) == [f"{KEY}:latest"]


def test_an_ollama_that_does_not_answer_is_named(running):
    project = make_project(KEY)
    running.die()
    with pytest.raises(DemoError, match=f"The Ollama at {running.url} cannot be used: probe"):
        serve(project)
