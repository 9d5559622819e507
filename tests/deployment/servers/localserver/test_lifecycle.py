"""Models come, go, die and come back; so does the front."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.deployment.servers.localserver.conftest import front_on, launch


def ask_many(front, tag, count):
    """So many requests at once; all of them have reached the front when this returns, for its child stands still."""
    pool = ThreadPoolExecutor(count)
    asked = [pool.submit(front.ask, tag, f"Text {number}", max_tokens=20) for number in range(count)]
    front.wait_for(lambda: front.row(tag)["in_flight"] == count)
    return asked


def child_of(front, before):
    """The process id of the one child that was not there before."""
    (new,) = {process.pid for process in front.children()} - before
    return new


@pytest.fixture
def before(front):
    return {process.pid for process in front.children()}


def test_loading_and_unloading_twice_is_harmless(front, tiny_ggufs, before):
    tag = front.create(tiny_ggufs[0])
    assert front.post("/models/load", tag=tag)["loaded"]
    pid = child_of(front, before)
    front.post("/models/load", tag=tag)
    assert child_of(front, before) == pid
    assert front.row(tag)["threads"] == 2
    assert not front.post("/models/unload", tag=tag)["loaded"]
    assert not front.post("/models/unload", tag=tag)["loaded"]
    assert not psutil.pid_exists(pid)


def test_a_question_loads_its_model(front, tiny_ggufs):
    tag = front.create(tiny_ggufs[0])
    front.ask(tag, max_tokens=3)
    row = front.row(tag)
    assert (row["loaded"], row["requests"]) == (True, 1)
    assert row["last_used"] <= time.time()


def test_requests_in_flight_finish_before_an_unload(front, tiny_ggufs, before):
    tag = front.create(tiny_ggufs[0], slots=2)
    front.post("/models/load", tag=tag)
    child = child_of(front, before)
    os.kill(child, signal.SIGSTOP)
    asked = ask_many(front, tag, 6)
    with ThreadPoolExecutor(1) as pool:
        unload = pool.submit(front.post, "/models/unload", tag=tag)
        front.wait_for(lambda: not front.row(tag)["loaded"])
        assert psutil.pid_exists(child)
        assert not unload.done()
        os.kill(child, signal.SIGCONT)
        assert not unload.result(timeout=20)["loaded"]
    assert all(each.result(timeout=5)["choices"] for each in asked)
    assert not psutil.pid_exists(child)


def test_a_killed_child_is_started_again_by_the_next_request(front, tiny_ggufs, before):
    tag = front.create(tiny_ggufs[0])
    first = front.ask(tag, max_tokens=5)["choices"][0]["message"]
    os.kill(child_of(front, before), signal.SIGKILL)
    front.wait_for(lambda: not front.row(tag)["loaded"])
    assert front.ask(tag, max_tokens=5)["choices"][0]["message"] == first


def test_requests_survive_the_death_of_their_child(front, tiny_ggufs, before):
    tag = front.create(tiny_ggufs[0], slots=2)
    front.post("/models/load", tag=tag)
    child = child_of(front, before)
    os.kill(child, signal.SIGSTOP)
    asked = ask_many(front, tag, 6)
    os.kill(child, signal.SIGKILL)
    assert all(each.result(timeout=30)["choices"] for each in asked)


def test_nobody_computes_for_a_client_that_left(front, tiny_ggufs, before):
    tag = front.create(tiny_ggufs[0], slots=1)
    front.post("/models/load", tag=tag)
    child = child_of(front, before)
    os.kill(child, signal.SIGSTOP)
    body = {"model": tag, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 400}
    for _ in range(3):
        with pytest.raises(httpx.ReadTimeout):
            front.http.post("/v1/chat/completions", json=body, timeout=0.3)
    assert front.row(tag)["requests"] == 3
    front.wait_for(lambda: front.row(tag)["in_flight"] == 0)
    os.kill(child, signal.SIGCONT)
    assert front.ask(tag, max_tokens=3)["choices"]


def test_an_idle_model_burns_nothing(front, tiny_ggufs, before):
    tag = front.create(tiny_ggufs[0])
    front.ask(tag, max_tokens=50)
    child = psutil.Process(child_of(front, before))
    spent = sum(child.cpu_times()[:2])
    time.sleep(1)
    assert sum(child.cpu_times()[:2]) - spent < 0.2


def test_threads_sleep_while_they_wait(front, tiny_ggufs, before):
    front.post("/models/load", tag=front.create(tiny_ggufs[0]))
    assert psutil.Process(child_of(front, before)).environ()["OMP_WAIT_POLICY"] == "passive"


def test_a_file_that_is_no_model_says_so_when_it_is_loaded(front, tmp_path):
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF, but not really")
    tag = front.create(bad)
    assert "could not be loaded" in front.post("/models/load", 503, tag=tag)["error"]["message"]


def test_a_file_that_changed_is_not_loaded(front, tiny_ggufs, tmp_path):
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(tiny_ggufs[0].read_bytes())
    tag = front.create(copy)
    copy.write_bytes(tiny_ggufs[1].read_bytes())
    assert "digest" in front.post("/models/load", 409, tag=tag)["error"]["message"]
    copy.unlink()
    assert "no file" in front.ask(tag, status=409)["error"]["message"]


def test_a_restart_keeps_the_models_and_leaves_no_child(tmp_path, tiny_ggufs):
    with front_on(tmp_path) as front:
        tag = front.create(tiny_ggufs[0])
        front.post("/models/load", tag=tag)
        row, children = front.row(tag), front.children()
        started = time.monotonic()
        front.process.send_signal(signal.SIGTERM)
        assert front.process.wait(timeout=20) == 0 or front.process.returncode == -signal.SIGTERM
        assert time.monotonic() - started < 10
        assert psutil.wait_procs(children, timeout=5)[1] == []
    with front_on(tmp_path) as front:
        again = front.row(tag)
        assert not again["loaded"]
        assert (again["sha256"], again["created_at"]) == (row["sha256"], row["created_at"])
        assert front.ask(tag, max_tokens=3)["choices"]


def test_a_front_that_is_told_to_end_finishes_what_it_began(tmp_path, tiny_ggufs):
    with front_on(tmp_path) as front:
        tag = front.create(tiny_ggufs[0])
        front.post("/models/load", tag=tag)
        (child,) = front.children()
        child.suspend()
        (asked,) = ask_many(front, tag, 1)
        front.process.send_signal(signal.SIGTERM)
        front.wait_for(lambda: not _accepts(front))
        child.resume()
        assert asked.result(timeout=20)["choices"]
        front.process.wait(timeout=20)
        assert not child.is_running()


def _accepts(front):
    """Whether it answers a new caller; one that came in the instant of its end is hung up on, or not let in."""
    try:
        return httpx.get(f"{front.url}/livez").is_success
    except httpx.TransportError:
        return False


def test_children_die_with_a_front_that_is_killed(tmp_path, tiny_ggufs):
    with front_on(tmp_path) as front:
        front.post("/models/load", tag=front.create(tiny_ggufs[0]))
        children = front.children()
        assert children
        front.process.kill()
        assert psutil.wait_procs(children, timeout=10)[1] == []


def test_two_fronts_never_share_a_folder(tmp_path):
    with front_on(tmp_path):
        second = launch(tmp_path, 1)
        assert "Another model server" in second.communicate(timeout=30)[1]
        assert second.returncode == 3


def test_no_key_no_server(tmp_path):
    command = [
        launch.__globals__["sys"].executable,
        "-m",
        "deployment.servers.localserver",
        "--state-dir",
        str(tmp_path),
    ]
    done = subprocess.run(command, env={"PATH": "/usr/bin"}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "LOCAL_MODEL_SERVER_KEY" in done.stderr
