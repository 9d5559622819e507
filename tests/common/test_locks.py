"""A step's lock: waited for while its holder works, taken away where the holder was stopped."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from common import children, locks
from tests.workers import alive, eventually

pytestmark = pytest.mark.pure

# A worker that holds the lock, with a child at work under it.
HOLDER = """
import subprocess, sys, time
from pathlib import Path
from common import locks
with locks.held(Path(sys.argv[1])) as lock:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=(lock.descriptor,))
    lock.working(child.pid)
    print(child.pid, flush=True)
    time.sleep(float(sys.argv[2]))
    child.kill()
    child.wait()
"""


@pytest.fixture
def holder(tmp_path):
    started = []

    def start(seconds: float) -> tuple["subprocess.Popen[str]", int]:
        command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock"), str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    yield start
    for process in started:
        children.end(process, grace=0)


def held_after(path: Path) -> float:
    """Seconds until the lock is ours."""
    asked = time.monotonic()
    with locks.held(path):
        return time.monotonic() - asked


def test_a_holder_that_works_is_waited_for(holder, tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "SILENT_SECONDS", 4.0)
    process, child = holder(7)
    assert held_after(tmp_path / "lock") > 5
    assert process.wait(10) == 0
    assert not alive(child)


def test_a_stopped_holder_loses_the_lock_and_its_child(holder, tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "SILENT_SECONDS", 4.0)
    process, child = holder(600)
    os.kill(process.pid, signal.SIGSTOP)
    assert 3 < held_after(tmp_path / "lock") < 60
    eventually(lambda: not alive(child), 10)


def test_a_killed_holder_leaves_no_child_that_keeps_the_lock(holder, tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "SILENT_SECONDS", 4.0)
    process, child = holder(600)
    process.kill()
    assert held_after(tmp_path / "lock") < 60
    eventually(lambda: not alive(child), 10)


def test_one_holder_at_a_time(tmp_path):
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with locks.held(tmp_path / "lock"):
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (inside, most) == (0, 1)
