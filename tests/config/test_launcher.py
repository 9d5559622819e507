"""The launcher's supervisor: ends all children in order, restarts fallen ones, leaves nothing when it is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGTERM

import pytest

from config.embedded import Guard
from config.launcher.console import Console
from config.launcher.processes import Process, processes
from config.launcher.supervisor import Supervisor
from tests.config.processes import ROOT, clean_env, eventually, gone, server_pids

# Each dummy starts a grandchild in its group and writes down both pids, then how it was ended.
DUMMY = """
import os, signal, subprocess, sys, time
from pathlib import Path
folder, name, stubborn = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "stubborn"
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
def end(number, frame):
    with (folder / "order").open("a") as file: file.write(name + "\\n")
    if not stubborn:
        sys.exit(0)
signal.signal(signal.SIGTERM, end)
(folder / f"{name}.new").write_text(f"{os.getpid()} {child.pid}")
(folder / f"{name}.new").rename(folder / f"{name}.pids")
print("up", flush=True)
time.sleep(600)
"""

DRIVER = """
import sys, time
from pathlib import Path
from config.embedded import ensure, Guard, VarLock
from config.launcher.console import Console
from config.launcher.session import Session
from config.launcher.stopping import StopRequest
from config.launcher.supervisor import Supervisor
from tests.config.test_launcher import dummies
folder = Path(sys.argv[1])
stop, console = StopRequest().install(), Console(folder / "log")
with Session(folder / "var", port=0, stop=stop, console=console) as session:
    session.supervisor = Supervisor(dummies(folder, *sys.argv[2:]), environment=session.environment,
        log_dir=folder / "log", guard=session.guard, console=console, cwd=folder)
    session.supervisor.start()
    while not stop.wanted:
        session.tick()
        time.sleep(0.05)
"""


def dummies(folder: Path, kind: str = "meek") -> list[Process]:
    return [
        Process(
            name,
            [sys.executable, "-S", "-c", DUMMY, str(folder), name, kind if name == "worker" else "meek"],
            stage,
            ((SIGTERM, 2.0 if kind == "meek" else 60.0),),
        )
        for stage, name in enumerate(("web", "worker", "beat"))
    ]


def pids(folder: Path, name: str) -> list[int]:
    return [int(word) for word in (folder / f"{name}.pids").read_text().split()]


def all_up(folder: Path) -> Callable[[], bool]:
    return lambda: all((folder / f"{name}.pids").exists() for name in ("web", "worker", "beat"))


def start_driver(folder: Path, *words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), *words],
        cwd=ROOT,
        env=clean_env(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert eventually(all_up(folder)), process.stdout
    return process


def everything(folder: Path) -> list[int]:
    return [pid for name in ("web", "worker", "beat") for pid in pids(folder, name)] + server_pids(folder / "var")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_ends_everything_in_order(folder: Path, number: signal.Signals) -> None:
    driver = start_driver(folder)
    running = everything(folder)
    driver.send_signal(number)
    assert driver.wait(30) == 0
    assert (folder / "order").read_text().split() == ["web", "worker", "beat"]
    assert [pid for pid in running if not gone(pid)] == []


def test_second_interrupt_hurries_and_still_ends_everything(folder: Path) -> None:
    driver = start_driver(folder, "stubborn")
    running = everything(folder)
    driver.send_signal(signal.SIGINT)
    assert eventually(lambda: (folder / "order").exists() and "worker" in (folder / "order").read_text())
    driver.send_signal(signal.SIGINT)
    assert driver.wait(30) == 0
    assert (folder / "order").read_text().split()[-1] == "beat"
    assert [pid for pid in running if not gone(pid)] == []


def test_killed_launcher_leaves_no_process(folder: Path) -> None:
    driver = start_driver(folder)
    running = everything(folder)
    driver.kill()
    driver.wait()
    assert eventually(lambda: all(gone(pid) for pid in running))
    assert (folder / "order").read_text().split() == ["web", "worker", "beat"]


def test_killed_launcher_leaves_no_process_that_hangs(folder: Path) -> None:
    driver = start_driver(folder)
    running = everything(folder)
    for name in ("web", "worker", "beat"):
        os.kill(pids(folder, name)[0], signal.SIGSTOP)
    driver.kill()
    driver.wait()
    assert eventually(lambda: all(gone(pid) for pid in running))


@pytest.fixture
def guard() -> Iterator[Guard]:
    guard = Guard()
    yield guard
    guard.close()


def supervisor(folder: Path, guard: Guard, table: list[Process]) -> Supervisor:
    console = Console(folder / "log", quiet=True)
    return Supervisor(
        table, environment=dict(os.environ), log_dir=folder / "log", guard=guard, console=console, cwd=folder
    )


def test_fallen_process_starts_again_and_its_group_is_swept(folder: Path, guard: Guard) -> None:
    watched = supervisor(folder, guard, dummies(folder)[:1])
    watched.start()
    try:
        assert eventually((folder / "web.pids").exists)
        first, grandchild = pids(folder, "web")
        (folder / "web.pids").unlink()
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: (watched.tick(), (folder / "web.pids").exists())[1])
        assert pids(folder, "web")[0] != first
        assert gone(grandchild)
        assert "web was ended by SIGKILL and starts again in 1 s" in (folder / "log" / "launcher.log").read_text()
    finally:
        watched.stop()
    assert gone(pids(folder, "web")[0])


def test_pauses_grow_while_a_process_keeps_falling(folder: Path, guard: Guard) -> None:
    watched = supervisor(folder, guard, [Process("bad", [sys.executable, "-S", "-c", "raise SystemExit(3)"], 0)])
    watched.start()
    try:
        assert eventually(lambda: (watched.tick(), watched.children[0].falls == 2)[1])
        due = watched.children[0].due
        assert due is not None
        assert 1.0 < due - time.monotonic() <= 2.0
        assert watched.worst() is watched.children[0]
    finally:
        watched.stop()


def test_a_killed_guard_is_replaced_and_knows_everything(folder: Path, guard: Guard) -> None:
    sleeper = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
    other = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
    guard.add(sleeper.pid, stage=0, signal=SIGTERM, grace=5.0)
    assert guard._process is not None
    guard._process.kill()
    guard._process.wait()
    guard.add(other.pid, stage=0, signal=SIGTERM, grace=5.0)
    guard.close()
    assert sleeper.wait(10) == other.wait(10) == -SIGTERM


def launcher(*words: str, var_dir: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.launcher", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_env() | {"TOUCHSTONE_VAR": str(var_dir)} | extra,
    )


def test_run_gives_the_environment_and_the_exit_code(folder: Path) -> None:
    code = (
        "import os, psycopg\n"
        "psycopg.connect(os.environ['DATABASE_URL']).close()\n"
        "assert os.environ['DJANGO_SETTINGS_MODULE'] == 'config.settings'\n"
        "assert os.environ['TOUCHSTONE_EMBEDDED'] == '1' and os.environ['CELERY_BROKER_URL'].startswith('redis://:')\n"
        "raise SystemExit(7)"
    )
    done = launcher("run", "--", "python", "-c", code, var_dir=folder / "var")
    assert (done.returncode, done.stderr) == (7, "")
    assert not (folder / "var" / "postgres" / "postmaster.pid").exists()


def test_env_says_when_nothing_runs(folder: Path) -> None:
    done = launcher("env", var_dir=folder / "var")
    assert done.returncode == 1
    assert "Nothing runs" in done.stderr


def test_every_queue_has_one_worker_and_nothing_listens_beyond_loopback(folder: Path) -> None:
    table = processes(folder, port=8000, model_port=8001)
    queues = [process.command[process.command.index("-Q") + 1] for process in table if "-Q" in process.command]
    assert queues == ["urgent", "default", "bulk", "vectors", "heads", "build", "gpu"]
    assert min(table, key=lambda process: process.stage).name == "web"
    assert not [word for process in table for word in process.command if "0.0.0.0" in word or "autoscale" in word]


def test_launcher_never_loads_the_application() -> None:
    code = (
        "import sys, config.launcher.__main__\n"
        "print([name for name in ('config.settings', 'django.apps', 'django.db', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
