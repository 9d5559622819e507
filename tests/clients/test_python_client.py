"""The Python client against the real site: asking, correcting, adding, lists, errors, and being asked again."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from touchstone_client import Changed, Conflict, Invalid, NotAllowed, NotFound, TimedOut, Touchstone, Unavailable
from touchstone_client.project import _chunks

from labeling.models import Feedback, Project, Sample
from labeling.services import create_token
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, ollama_standin, serve_from
from tests.factories import SYSTEM, make_admin, make_manager, make_project

PACKAGE = Path(__file__).parents[2] / "clients" / "python"
SCOPES = ["read", "predict", "feedback", "import", "operate", "manage"]


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project("shop")


@contextmanager
def connected(live_server: Any, project: Project, *scopes: str) -> Iterator[Touchstone]:
    _, secret = create_token(SYSTEM, make_manager(project), "client", [project], list(scopes) or SCOPES)
    with Touchstone(live_server.url, secret, tries=1) as touchstone:
        yield touchstone


def test_it_asks_and_corrects(live_server, project, tmp_path):
    with ollama_standin(tmp_path) as standin, connected(live_server, project) as touchstone:
        serve_from(project, make_server(standin.url))
        promote(make_admin(), make_staged(project, 1))
        shop = touchstone.project("shop")
        answer = shop.ask("I was charged twice.")
        assert answer["model"] == "shop:v1"
        assert [row["error"] for row in shop.ask_many(["One", "Two"])] == ["", ""]
        said = shop.correct(answer, ["billing"], comment="money back")
        assert said["prediction"] == answer["uid"]
        assert Feedback.objects.get().answer == {"labels": ["billing"]}
        assert shop.rate(answer["uid"], -1)["thumb"] == -1
        assert touchstone.health()["projects"][0]["version"] == 1
        assert shop.version(1).plan()["version"] == 1


def test_errors_carry_the_servers_own_sentence(live_server, project):
    with connected(live_server, project, "predict", "import") as touchstone:
        shop = touchstone.project("shop")
        with pytest.raises(Conflict, match="Nothing is live in shop"):
            shop.ask("Where is it?")
        with pytest.raises(NotAllowed, match="may not manage") as refused:
            shop.set_labels(["one"])
        assert refused.value.request_id
        with pytest.raises(NotFound):
            touchstone.project("elsewhere").read()
        with pytest.raises(Invalid) as wrong:
            shop.add([{"txt": "x"}])
        assert "There is no such field" in str(wrong.value.errors)
    with Touchstone(live_server.url, "tsk_nothing") as stranger, pytest.raises(NotAllowed):
        list(stranger.projects())


def test_lists_go_on_past_a_page(live_server, project):
    with connected(live_server, project) as touchstone:
        shop = touchstone.project("shop")
        assert shop.add(f"Text {number}" for number in range(5)) == 5
        assert shop.add(["text 0"]) == 0
        assert len(list(shop.samples(page_size=2))) == 5
        assert [row["key"] for row in touchstone.projects()] == ["shop"]
        assert [row["name"] for row in shop.set_labels(["yes", "no"])] == ["yes", "no"]


def test_known_answers_take_the_scope_of_their_own(live_server, project):
    row = {"text": "I paid twice", "answer": {"labels": ["billing"]}}
    with connected(live_server, project) as touchstone, pytest.raises(Invalid, match="review"):
        touchstone.project("shop").add([row])
    assert not Sample.objects.exists()
    project.memberships.all().delete()
    with connected(live_server, project, "import", "review", "read") as touchstone:
        assert touchstone.project("shop").add([row]) == 1
        (sample,) = touchstone.project("shop").samples(state="golden")
        assert (sample["answer"], sample["given"]) == ({"labels": ["billing"]}, "imported")


def test_settings_are_changed_as_they_were_read(live_server, project):
    with connected(live_server, project) as touchstone:
        shop = touchstone.project("shop")
        assert shop.change(name="Letters")["name"] == shop.read()["name"] == "Letters"
        assert shop.change_policy("gate", minimum=0.6)["minimum"] == shop.policy("gate")["minimum"] == 0.6
        with pytest.raises(Changed):
            touchstone.api.request("PATCH", "projects/shop", body={"name": "x"}, headers={"If-Match": '"old"'})


@pytest.mark.pure
def test_samples_go_in_requests_that_the_server_takes():
    assert [len(chunk) for chunk in _chunks("x" for _ in range(2_500))] == [1000, 1000, 500]
    assert [len(chunk) for chunk in _chunks("x" * 100_000 for _ in range(60))] == [39, 21]
    assert list(_chunks([])) == []


class Forgetful(BaseHTTPRequestHandler):
    """Hears every request; answers the first one not at all, the next two "later" and "still at it", the fourth."""

    keys: list[str] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["Idempotency-Key"])
        if len(self.keys) == 1:
            self.close_connection = True
            return
        self.send_response({2: 503, 3: 409}.get(len(self.keys), 200))
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def forgetful() -> Iterator[str]:
    Forgetful.keys = []
    with HTTPServer(("127.0.0.1", 0), Forgetful) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.pure
def test_what_was_not_heard_is_sent_again_with_the_same_key():
    with forgetful() as url, Touchstone(url, "tsk_x") as touchstone:
        assert touchstone.api.post("projects/shop/promote", {"version": 1}) == {}
    assert len(Forgetful.keys) == 4
    assert len(set(Forgetful.keys)) == 1
    with forgetful() as url, Touchstone(url, "tsk_x", tries=2) as touchstone, pytest.raises(Unavailable):
        touchstone.api.post("projects/shop/promote", {"version": 1})


def test_waiting_ends_and_says_how_far_it_is(live_server, project):
    from tests.training.helpers import make_run

    run = make_run(project, "running")
    with connected(live_server, project) as touchstone, pytest.raises(TimedOut, match="is running at step"):
        touchstone.project("shop").run(str(run.uid)).wait(timeout=0, every=0)


def test_its_types_are_those_of_the_description(tmp_path):
    """Where this fails: `make client`."""
    made = tmp_path / "shapes.py"
    subprocess.run([sys.executable, PACKAGE.parents[1] / ".ci" / "client_shapes.py", made], check=True)
    assert made.read_text() == (PACKAGE / "touchstone_client" / "shapes.py").read_text()


@pytest.mark.pure
def test_it_is_installed_by_itself(tmp_path):
    quiet = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    copy = tmp_path / "source"
    subprocess.run(["cp", "-r", PACKAGE, copy], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", *quiet, "--target", tmp_path / "site", copy], check=True)
    told = "import touchstone_client as t; print(t.__file__, t.Touchstone('http://x', 'y').project('shop'))"
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    found = subprocess.run([sys.executable, "-c", told], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert found.stdout.startswith(str(tmp_path / "site")), found.stderr
    assert found.stdout.endswith("<Project shop>\n")
    assert (tmp_path / "site" / "touchstone_client" / "py.typed").exists()
