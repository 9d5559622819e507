"""`serve` with every real process: ready, reachable, joined by a second command, and gone after SIGTERM."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded.server import free_port
from config.launcher.session import probe
from tests.config.processes import ROOT, clean_env, eventually, gone

pytestmark = pytest.mark.loop

EXPECTED = {"config.wsgi:application", "default@%h", "build@%h", "gpu@%h", "beat", "deployment.servers.localserver"}


@pytest.fixture(params=["embedded", "given"])
def settings_of(request: pytest.FixtureRequest, folder: Path) -> dict[str, str]:
    """The caller's environment: with nothing given, or with the URLs of servers that somebody else runs."""
    own = {"TOUCHSTONE_VAR": str(folder / "var"), "AN_UNRELATED_SECRET": "s", "SCRIPT_NAME": "/label"}
    if request.param == "embedded":
        return clean_env() | own
    # A broker database of its own: these workers must not take the messages of other tests.
    broker, _, _ = os.environ["CELERY_BROKER_URL"].rpartition("/")
    kept = {name: value for name, value in os.environ.items() if name != "TOUCHSTONE_EMBEDDED"}
    return kept | own | {"CELERY_BROKER_URL": f"{broker}/5"}


@pytest.fixture
def serving(settings_of: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    command = [sys.executable, "-m", "config.launcher", "serve", "--port", str(port)]
    with (Path(settings_of["TOUCHSTONE_VAR"]).parent / "said").open("wb") as said:
        launcher = subprocess.Popen(command, cwd=ROOT, env=settings_of, stdout=said)
    yield launcher, port
    launcher.terminate()
    launcher.wait(60)


def test_serve_is_ready_can_be_joined_and_ends_without_leftovers(
    serving: tuple[subprocess.Popen[bytes], int], settings_of: dict[str, str], folder: Path
) -> None:
    launcher, port = serving
    kept = folder / "var" / "secrets" / "environment.json"
    assert eventually(lambda: launcher.poll() is not None or kept.exists(), 120)
    assert probe(port) == (True, "ok")
    family = psutil.Process(launcher.pid).children(recursive=True)
    words: set[str] = set()
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):  # short-lived ones come and go
            command, environment = process.cmdline(), process.environ()
            assert "AN_UNRELATED_SECRET" not in environment
            if "deployment.servers.localserver" in command:
                assert not {"DATABASE_URL", "SECRET_KEY", "CELERY_BROKER_URL"} & environment.keys()
            words |= set(command)
    assert words >= EXPECTED
    assert get(port, "/login/") == 200
    assert get(port, "/label/static/css/touchstone.css") == 200
    assert open_to_others(folder / "var") == []

    code = "from labeling.models import User; print(f'users={User.objects.count()}')"
    words_to_run = [sys.executable, "-m", "config.launcher", "run", "--", "manage.py", "shell", "-v", "0", "-c", code]
    joined = subprocess.run(words_to_run, cwd=ROOT, env=settings_of, capture_output=True, text=True)
    assert "users=" in joined.stdout, joined.stderr

    said = folder / "said"
    assert eventually(lambda: f"http://127.0.0.1:{port}/label/account/first/#" in said.read_text())

    launcher.send_signal(signal.SIGTERM)
    assert launcher.wait(60) == 0
    assert [process for process in family if not gone(process.pid)] == []
    assert not kept.exists()


def open_to_others(folder: Path) -> list[str]:
    """What other accounts could read or write. As root the folder itself is passed through by the database's."""
    mine = [path for path in folder.rglob("*") if path.lstat().st_uid == os.geteuid() and not path.is_symlink()]
    return [f"{path} {path.stat().st_mode:o}" for path in (folder, *mine) if path.stat().st_mode & 0o066]


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status
