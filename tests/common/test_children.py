"""A child that works is waited for; one that is stopped, or sleeps for ever, is ended."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from common import children
from tests.workers import alive, eventually

pytestmark = pytest.mark.pure

BUSY = "import time\nend = time.monotonic() + 3\nwhile time.monotonic() < end: pass\nprint('done')"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_child_that_ends_is_told_with_what_it_said():
    code = "import sys; print('out'); print('why', file=sys.stderr); sys.exit(3)"
    assert children.run(python(code), env=os.environ, silence=20, total=60) == children.Ended(3, "out\n", "why\n")


def test_a_child_that_works_is_waited_for_longer_than_its_silence():
    assert children.run(python(BUSY), env=os.environ, silence=1.5, total=60).output == "done\n"


def test_a_child_that_is_stopped_is_ended_with_its_own_children():
    seen: list[int] = []
    family = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {BUSY.replace('3', '60')!r}]).wait()"

    def stop(pid: int) -> None:
        def later() -> None:
            eventually(lambda: psutil.Process(pid).children(), 20)
            seen.extend([pid, *(child.pid for child in psutil.Process(pid).children())])
            for each in seen:
                os.kill(each, signal.SIGSTOP)

        threading.Thread(target=later).start()

    with pytest.raises(children.SilentError, match="no sign of life for 2 seconds"):
        children.run(python(family), env=os.environ, silence=2, total=60, watch=stop)
    assert len(seen) == 2
    eventually(lambda: not any(alive(pid) for pid in seen), 10)


def test_a_child_that_waits_for_ever_is_ended():
    with pytest.raises(children.SilentError):
        children.run(python("import time; time.sleep(600)"), env=os.environ, silence=2, total=60)


def test_a_child_that_works_for_ever_is_ended_when_its_time_is_up():
    with pytest.raises(subprocess.TimeoutExpired):
        children.run(python("while True: pass"), env=os.environ, silence=20, total=2)


def test_a_number_that_was_given_again_is_not_killed():
    child = subprocess.Popen(python("import time; time.sleep(600)"))
    try:
        name = children.Name.of(child.pid)
        assert not children.Name(name.host, name.pid, name.started - 60).kill()
        assert not children.Name("another-host", name.pid, name.started).kill()
        assert child.poll() is None
        os.kill(child.pid, signal.SIGSTOP)
        assert name.kill()
        child.wait(10)
        assert not name.kill()
    finally:
        child.kill()


def test_the_end_is_asked_for_before_it_is_forced():
    polite = "import signal, sys, time\n"
    polite += "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\nprint(flush=True)\ntime.sleep(600)"
    child = subprocess.Popen(python(polite), stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    children.end(child, grace=20)
    assert child.returncode == 7
    stubborn = subprocess.Popen(python(polite.replace("sys.exit(7)", "None")), stdout=subprocess.PIPE)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    asked = time.monotonic()
    children.end(stubborn, grace=1)
    assert stubborn.returncode == -signal.SIGKILL
    assert time.monotonic() - asked < 10
