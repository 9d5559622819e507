"""What dies or hangs under a running launcher is told in a sentence and runs again; what hangs at the end is killed."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from config.embedded.server import free_port
from config.launcher.session import probe
from tests.config.faults import CHILDREN, copy_of, launch_env, leaders, left_running, serve
from tests.config.processes import ROOT, eventually, server_pids

SERVERS = ("PostgreSQL", "Valkey")


class Serving(NamedTuple):
    launcher: subprocess.Popen[str]
    var: Path
    port: int

    def said(self, sentence: str) -> bool:
        log = self.var / "log" / "launcher.log"
        return log.exists() and sentence in log.read_text()

    def pids(self) -> dict[str, int]:
        """The process of each name; none while it is being replaced."""
        return leaders(self.launcher.pid) | dict(zip(SERVERS, server_pids(self.var), strict=True))

    def pid(self, name: str) -> int:
        """The process of that name; 0 while it is being replaced."""
        return self.pids().get(name, 0)

    def living(self, name: str) -> int:
        """The process of that name, once it lives. A signal to process 0 would reach the tests themselves."""
        sign = self.var / "alive" / name
        assert eventually(lambda: self.pid(name) > 0 and (name in SERVERS or sign.exists()), 120), f"{name} lives not"
        return self.pid(name)

    def runs_again(self, first: dict[str, int]) -> bool:
        """Other processes of these names are there, and everything answers."""
        if not probe(self.port)[0]:
            return False
        now = self.pids()
        return all(now.get(name, 0) not in (0, pid) for name, pid in first.items())


@pytest.fixture(scope="module")
def serving(was_up: Path) -> Iterator[Serving]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        Path(folder).chmod(0o711)
        var, port = copy_of(was_up, Path(folder)), free_port()
        command = [sys.executable, "-m", "config.launcher", "serve", "--port", str(port)]
        with (Path(folder) / "errors").open("w") as errors:
            null = subprocess.DEVNULL  # the processes' own log lines
            launcher = subprocess.Popen(command, cwd=ROOT, env=launch_env(var), stdout=null, stderr=errors, text=True)
            up = Serving(launcher, var, port)
            try:
                assert eventually(lambda: launcher.poll() is not None or up.said("Touchstone is ready"), 180)
                yield up
                assert "Traceback" not in (Path(folder) / "errors").read_text()
            finally:
                launcher.kill()
                launcher.wait()
                assert eventually(lambda: left_running(var) == [], 90)


def test_a_second_launcher_is_refused_and_disturbs_nothing(serving: Serving) -> None:
    done = serve(serving.var, "--port", str(free_port()))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"already runs on {serving.var} (process {serving.launcher.pid}" in done.stderr
    assert serving.runs_again({})


@pytest.mark.parametrize("name", [*CHILDREN, *SERVERS])
def test_what_dies_runs_again(serving: Serving, name: str) -> None:
    first = serving.living(name)
    os.kill(first, signal.SIGKILL)
    told = f"{name} had ended; it runs again" if name in SERVERS else f"{name} was ended by SIGKILL and starts again in"
    assert eventually(lambda: serving.said(told))
    assert eventually(lambda: serving.runs_again({name: first}), 60)


def test_what_hangs_is_killed_and_runs_again(serving: Serving) -> None:
    first = {name: serving.living(name) for name in CHILDREN}
    for pid in first.values():
        os.killpg(pid, signal.SIGSTOP)
    assert eventually(lambda: all(serving.said(f"{name} has given no sign of life for 20 s") for name in CHILDREN), 120)
    assert eventually(lambda: serving.runs_again(first), 180)


def test_a_server_that_hangs_is_killed_and_runs_again(serving: Serving) -> None:
    first = {name: serving.living(name) for name in SERVERS}
    for pid in first.values():
        os.killpg(pid, signal.SIGSTOP)
    assert eventually(lambda: all(serving.said(f"{name} did not answer any more") for name in SERVERS), 120)
    assert eventually(lambda: serving.runs_again(first), 60)


def test_what_hangs_keeps_nobody_from_ending_everything(serving: Serving) -> None:
    for name in (*CHILDREN, *SERVERS):
        os.killpg(serving.living(name), signal.SIGSTOP)
    for _ in range(2):
        serving.launcher.send_signal(signal.SIGTERM)
        assert eventually(lambda: serving.said("Ending everything"))
    assert serving.launcher.wait(60) == 0
    assert left_running(serving.var) == []
