"""Where the launcher cannot go on it says why and what to do in one sentence, ends with 1 and leaves nothing up."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import VarLock
from config.embedded.server import free_port
from tests.config.faults import CHILDREN, breaking, launch_env, launched_with, left_running, serve
from tests.config.processes import ROOT


@pytest.fixture
def var(folder: Path) -> Path:
    return folder / "var"


def is_one_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert [part for part in parts if part not in done.stderr] == [], done.stderr


def test_a_process_that_does_not_start(used_var: Path, folder: Path) -> None:
    done = serve(used_var, "--port", str(free_port()), **breaking(folder, "beat", "ending", others=False))
    is_one_sentence(done, "beat does not start: ImportError: broken on purpose", str(used_var / "log" / "beat.log"))
    assert left_running(used_var) == []


def test_each_process_that_does_not_start_is_named(used_var: Path, folder: Path) -> None:
    """One launcher meets them one after the other: what goes before and comes after is the same for all."""
    found = launched_with(used_var, {name: breaking(folder, name, "ending", others=False) for name in CHILDREN})
    for name in CHILDREN:
        log = used_var / "log" / f"{name}.log"
        said = f"{name} does not start: ImportError: broken on purpose (The whole log: {log})"
        assert found[name] == (said, [])
    assert left_running(used_var) == []


def test_a_process_that_hangs_at_its_start(used_var: Path, folder: Path) -> None:
    code = (
        "import sys\nfrom config.launcher import __main__, session\n"
        "session.READY_SECONDS = 25.0\nsys.exit(__main__.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", "--port", str(free_port())],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=launch_env(used_var, **breaking(folder, "worker-gpu", "hanging")),
        timeout=180,
    )
    is_one_sentence(done, "not ready after 25 s: no sign of life from worker-gpu", str(used_var / "log"))
    assert left_running(used_var) == []


@pytest.mark.parametrize(
    ("file", "name", "says"),
    [
        ("postgres/PG_VERSION", "PostgreSQL", "FATAL:  database files are incompatible with server"),
        ("valkey/appendonlydir/appendonly.aof.manifest", "Valkey", "AOF"),
    ],
)
def test_a_server_that_does_not_start(used_var: Path, file: str, name: str, says: str) -> None:
    (used_var / file).write_text("9\n")
    is_one_sentence(serve(used_var), f"The embedded {name} did not start", says, str(used_var / "log"))
    assert left_running(used_var) == []


def test_a_database_of_ones_own_that_is_not_there(var: Path) -> None:
    given = {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c", "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    done = serve(var, "--port", str(free_port()), **given)
    is_one_sentence(done, "`manage.py set_up` failed", "OperationalError", str(var / "log" / "set_up.log"))
    assert left_running(var) == []


def test_a_port_that_is_taken(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve(var, PORT=str(port))
    is_one_sentence(done, f"Port {port} is taken", f"PORT={port + 1}")
    assert left_running(var) == []


def test_a_folder_that_another_launcher_holds(var: Path) -> None:
    lock = VarLock(var).acquire()
    try:
        is_one_sentence(serve(var), f"already runs on {var} (process {os.getpid()})", f"`kill {os.getpid()}`")
    finally:
        lock.release()
    assert left_running(var) == []


def test_a_folder_that_cannot_be_written(var: Path) -> None:
    var.mkdir()
    var.chmod(0o555)
    # Root writes everywhere, so it goes on as nobody; what it needs is loaded before.
    code = (
        "import os, sys\nfrom config.launcher.__main__ import main\n"
        "os.geteuid() == 0 and os.setuid(65534)\nsys.exit(main(['serve']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=launch_env(var), timeout=60
    )
    is_one_sentence(done, str(var), "Permission denied", "TOUCHSTONE_VAR")
    assert list(var.iterdir()) == []


@pytest.mark.parametrize("name", [".", "log", "launcher.lock", "secrets", "alive"])
def test_something_else_where_the_launcher_wants_its_own(request: pytest.FixtureRequest, name: str) -> None:
    # That one is looked at when the database is set up.
    var: Path = request.getfixturevalue("used_var" if name == "alive" else "var")
    path = var / name
    if name == "launcher.lock":
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("in the way")
    done = serve(var, "--port", str(free_port()))
    is_one_sentence(done, str(path.resolve()), "TOUCHSTONE_VAR")
    assert left_running(var) == []
