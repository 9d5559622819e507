"""A model server that hangs (SIGSTOP) is nobody's business but that of those who asked it, and theirs not for long."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
import pytest
from django.test import Client

from common.problems import UnavailableError
from demo.load import percentile
from deployment.models import InferenceServer
from deployment.serving.predict import predict
from labeling.models import Project, Review, Scope
from labeling.services import create_token
from tests.deployment.moves import promote
from tests.deployment.standins import local_server, make_server, make_staged, serve_from
from tests.factories import SYSTEM, make_admin, make_expert, make_operator, make_project, make_sample
from tests.web import web_process

pytestmark = pytest.mark.django_db(transaction=True)
DECODING = {"temperature": 0, "seed": 7, "num_predict": 64, "num_ctx": 512}
LIMIT = 10.0
PREDICTIONS = 10


def server_of(url: str) -> list[psutil.Process]:
    """The local model server at an address, and the llama.cpp processes below it."""
    port = url.rpartition(":")[2]
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "deployment.servers.localserver" in words and port in words:
            return [process, *process.children(recursive=True)]
    raise AssertionError(f"nobody serves {url}")


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


@pytest.fixture
def shop(tmp_path, tiny_ggufs, settings) -> Iterator[tuple[Project, str]]:
    """Version 1 is live on a local server of its own, which is to answer within LIMIT seconds; and its address."""
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"
    project = make_project("shop", decoding=DECODING)
    for number in range(400):
        make_sample(project, rank=number)
    with local_server(tmp_path / "localserver") as url:
        server = make_server(url, kind="local", name="local")
        serve_from(project, server)
        version = make_staged(project, 1, content=tiny_ggufs[0].read_bytes())
        promote(make_admin("ada"), version)
        InferenceServer.objects.update(answer_seconds=LIMIT)
        yield project, url


@pytest.fixture
def web(process_env, tmp_path) -> Iterator[str]:
    with web_process({**process_env, "LOCAL_MODEL_SERVER_KEY": "for-tests"}, tmp_path) as url:
        yield url


def logged_in(user: Any, url: str) -> httpx.Client:
    """A browser's cookies, without the browser."""
    client = Client()
    client.force_login(user)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    return httpx.Client(base_url=url, cookies=cookies, timeout=60, follow_redirects=True)


def review_once(ana: httpx.Client) -> float:
    """Show the next text and answer it; the longer of both, in milliseconds."""
    started = time.perf_counter()
    html = ana.get("/projects/shop/review/").raise_for_status().text
    shown = time.perf_counter()
    form: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    form |= {"labels": ["billing"], "action": "save"}
    ana.post("/projects/shop/review/", data=form, headers={"Referer": str(ana.base_url)}).raise_for_status()
    return max(shown - started, time.perf_counter() - shown) * 1000


def asker(project: Project, url: str) -> Callable[[int], tuple[int, float, str]]:
    """Asks for a prediction: status, seconds, `Retry-After`."""
    _, secret = create_token(SYSTEM, make_operator(project), "load", [project], [Scope.PREDICT])

    def ask(number: int) -> tuple[int, float, str]:
        with httpx.Client(headers={"Authorization": f"Bearer {secret}"}, timeout=120) as http:
            started = time.perf_counter()
            found = http.post(f"{url}/api/v1/projects/shop/predict", json={"text": f"Where is parcel {number}?"})
            return found.status_code, time.perf_counter() - started, found.headers.get("Retry-After", "")

    return ask


def test_pages_and_reviews_are_unmoved_and_predictions_fail_within_their_limit(shop, web):
    project, url = shop
    ana, ask = logged_in(make_expert(project, "ana"), web), asker(project, web)
    assert ask(0)[0] == 200
    calm = [review_once(ana) for _ in range(20)]
    before = Review.objects.count()
    with stopped(server_of(url)), ThreadPoolExecutor(PREDICTIONS) as pool:
        waiting = [pool.submit(ask, number) for number in range(PREDICTIONS)]
        spent, until = [], time.perf_counter() + LIMIT - 0.5
        while time.perf_counter() < until:
            spent.append(review_once(ana))
        answers = [each.result() for each in waiting]
        rested = [ask(number)[1] for number in range(3)]
        server = InferenceServer.objects.get()
    slowest = max(seconds for _, seconds, _ in answers)
    print(
        f"reviews p95 {percentile(spent, 0.95):.0f} ms of {len(spent)} (calm {percentile(calm, 0.95):.0f} ms); "
        f"predictions failed in {slowest:.1f} s at most, afterwards in {min(rested) * 1000:.0f} ms"
    )
    assert {status for status, _, _ in answers} == {503}
    assert all(int(after) >= 1 for _, _, after in answers)
    assert slowest < LIMIT + 2
    assert server.failures >= 3, "it rests"
    assert min(rested) < 1, "at most one request at a time tries whether it is back"
    assert Review.objects.count() == before + len(spent), "every review is kept"
    # A busy machine is slow without any fault; what hangs would take seconds.
    assert percentile(spent, 0.95) < max(200, 4 * percentile(calm, 0.95))


def test_a_move_finds_a_place_among_more_predictions_than_may_wait(shop, web, tiny_ggufs):
    """What runs the live version hangs, with all the predictions that wait for it; the next version is moved to."""
    project, url = shop
    make_staged(project, 2, content=tiny_ggufs[1].read_bytes())
    _, secret = create_token(SYSTEM, make_admin("eve"), "moves", [project], [Scope.OPERATE])
    ask = asker(project, web)
    with stopped(server_of(url)[1:]), ThreadPoolExecutor(24) as pool:
        waiting = [pool.submit(ask, number) for number in range(24)]
        time.sleep(LIMIT / 4)
        headers, body = {"Authorization": f"Bearer {secret}"}, {"version": 2, "reason": "It hangs"}
        moved = httpx.post(f"{web}/api/v1/projects/shop/promote", json=body, headers=headers, timeout=60)
        answers = [each.result() for each in waiting]
    assert moved.status_code == 201, moved.text
    assert any(status == 503 and seconds < LIMIT / 2 for status, seconds, _ in answers), "some were turned away at once"


def test_a_server_that_hangs_is_seen_hanging_by_pages_about_servers(shop, web):
    project, url = shop
    ada = logged_in(make_admin("eve"), web)
    with stopped(server_of(url)):
        started = time.perf_counter()
        assert "away" in ada.get("/servers/").raise_for_status().text
        assert time.perf_counter() - started < 5
        started = time.perf_counter()
        assert ada.get("/readyz").status_code == 503
        assert time.perf_counter() - started < 4
        started = time.perf_counter()
        ada.get(f"/projects/{project.key}/versions/1/rollback/")
        ada.get("/servers/local/").raise_for_status()
        assert time.perf_counter() - started < 12


def test_who_waits_in_vain_is_one_at_a_time_and_the_first_answer_ends_the_rest(shop):
    """By its children alone: the front of the server lives and says so, while what runs the model hangs."""
    project, url = shop
    InferenceServer.objects.update(answer_seconds=0.5)
    with stopped(server_of(url)[1:]):
        for _ in range(3):
            with pytest.raises(UnavailableError):
                predict(SYSTEM, project, "Where is my parcel?")
        server = InferenceServer.objects.get()
        assert (server.failures, server.unavailable_until is not None) == (3, True)
        started = time.perf_counter()
        with pytest.raises(UnavailableError, match="answers just now") as refused:
            predict(SYSTEM, project, "Where is my parcel?")
        assert time.perf_counter() - started < 0.4
        assert int(refused.value.headers["Retry-After"]) >= 1
        time.sleep(1.1)  # the first rest is over: one may try
        with pytest.raises(UnavailableError):
            predict(SYSTEM, project, "Where is my parcel?")
        server.refresh_from_db()
        assert server.failures == 4
    InferenceServer.objects.update(answer_seconds=LIMIT, unavailable_until=None)
    assert predict(SYSTEM, project, "Where is my parcel?").model_tag == "shop:v1"
    server.refresh_from_db()
    assert (server.failures, server.unavailable_until) == (0, None)
