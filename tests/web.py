"""The web process as the launcher starts it, on the test database: no thread of the test shares its interpreter."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from config.launcher.environment import ROOT
from config.launcher.processes import processes


@contextmanager
def web_process(env: dict[str, str], folder: Path) -> Iterator[str]:
    """Its URL. Fails with its log where it does not come up; ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (web,) = (each for each in processes(folder, port=port, model_port=None) if each.name == "web")
    url, log = f"http://127.0.0.1:{port}", folder / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(web.command, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 60
        while not _answers(url):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=2).is_success
    except httpx.HTTPError:
        return False
