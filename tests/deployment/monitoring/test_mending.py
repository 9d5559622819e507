"""Killed in the middle of a copy, deleted by hand: what has but one right state is so again within a minute, by itself.

By real processes: a model server that is killed and started again on its disk, and the workers and beat that mend it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.problems import ConflictError, UnavailableError
from deployment.live import live_version
from deployment.models import FailedRequest, Finding, InferenceServer
from deployment.monitoring.findings import open_findings
from deployment.serving.predict import predict
from labeling.models import Event, Project
from tests.deployment.moves import promote
from tests.deployment.standins import Standin, make_server, make_staged, ollama_standin, serve_from
from tests.factories import SYSTEM, acting, make_admin, make_project
from tests.processes import free_port
from tests.workers import PACE, Worker, beat, eventually

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = 60.0


def tag(number: int) -> str:
    return f"models.invalid/touchstone/shop:v{number}"


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, str]:
    """The disk of a server that is started again, and its port."""
    return tmp_path / "disk", str(free_port())


@pytest.fixture
def shop(place: tuple[Path, str]) -> Iterator[tuple[Project, Standin]]:
    """Versions 1 and 2 stand on the server; 1 is live. A copy there leaves its target empty for half a second."""
    folder, port = place
    with ollama_standin(folder, "--port", port, "--truncated-seconds", "0.5") as standin:
        project = make_project("shop")
        serve_from(project, make_server(standin.url))
        for number in (1, 2):
            make_staged(project, number)
        promote(acting(make_admin("ada")), project.versions.get(number=1))
        yield project, standin


@pytest.fixture
def watchmen(process_env: dict[str, str], start_workers: Callable[..., Worker], tmp_path: Path) -> Iterator[None]:
    """The workers of the urgent queue and of builds, and beat, at the pace of production."""
    process_env |= PACE
    start_workers("urgent", pool="threads")
    start_workers("build", pool="threads")
    with beat(process_env, tmp_path):
        yield


def outside(url: str) -> int:
    """What a client of the alias is answered."""
    body = {"model": "shop", "stream": False, "messages": [{"role": "user", "content": "Hello"}]}
    return httpx.post(f"{url}/api/chat", json=body, timeout=20).status_code


def seconds_until(done: Callable[[], Any], otherwise: str) -> float:
    started = time.monotonic()
    eventually(done, MINUTE, otherwise)
    return time.monotonic() - started


def test_a_server_killed_while_it_copies_the_alias(place, shop, watchmen):
    project, standin = shop

    def kill_in_the_middle() -> None:
        eventually(lambda: "shop:latest" not in standin.models(), 20, "no copy began")
        standin.die()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    with pytest.raises(ConflictError, match="shop:v1 is still live"):
        promote(acting(make_admin("bob")), project.versions.get(number=2))
    killer.join()
    assert live_version(project).number == 1
    folder, port = place
    with ollama_standin(folder, "--port", port) as again:
        assert outside(again.url) == 500, "its manifest is empty"
        took = seconds_until(lambda: outside(again.url) == 200, "nobody mended the alias")
        print(f"the alias answers again after {took:.1f} s")
        assert again.models()["shop:latest"] == again.models()[tag(1)]
        assert predict(SYSTEM, project, "Hello").model_tag == "shop:v1"
    assert not open_findings(project).exists(), "nobody has to decide anything"
    assert Event.objects.filter(verb__in=["move.led_back", "finding.mended"], actor_kind="system").exists()


def test_the_live_tag_deleted_by_hand_is_missed_by_nobody(shop, watchmen):
    project, standin = shop
    url = standin.url
    httpx.request("DELETE", f"{url}/api/delete", json={"model": tag(1)}).raise_for_status()
    for number in range(30):
        assert predict(SYSTEM, project, f"Where is parcel {number}?").model_tag == "shop:v1"
    took = seconds_until(lambda: tag(1) in standin.models(), "nobody brought the tag back")
    print(f"30 of 30 answered; the tag stands again {took:.1f} s after them")
    assert standin.models()[tag(1)] == standin.models()["shop:latest"]
    assert not FailedRequest.objects.exists()
    seconds_until(lambda: Finding.objects.filter(kind="tag_gone", state="mended").exists(), "nothing was told")
    assert not open_findings(project).exists()


def test_tag_and_alias_deleted_by_hand_come_back_from_the_file_here(shop, watchmen):
    project, standin = shop
    for name in (tag(1), "shop"):
        httpx.request("DELETE", f"{standin.url}/api/delete", json={"model": name}).raise_for_status()
    with pytest.raises(UnavailableError):
        predict(SYSTEM, project, "Hello")
    took = seconds_until(lambda: "shop:latest" in standin.models(), "nobody staged it again")
    print(f"both stand again after {took:.1f} s")
    assert standin.models()["shop:latest"] == standin.models()[tag(1)]
    eventually(lambda: not open_findings(project).exists(), 40, "a question is left")
    assert predict(SYSTEM, project, "Hello").model_tag == "shop:v1"


def test_what_somebody_changed_stays_a_question(shop, watchmen):
    project, standin = shop
    body = {"source": tag(2), "destination": "shop"}
    httpx.post(f"{standin.url}/api/copy", json=body).raise_for_status()
    seconds_until(lambda: open_findings(project).exists(), "nobody found it")
    assert "the alias shop leads to digest" in open_findings(project).get().sentence
    assert standin.models()["shop:latest"] == standin.models()[tag(2)], "left as it was found"
    assert InferenceServer.objects.get().failures == 0
