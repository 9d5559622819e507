"""Servers as processes of their own: started on a free port, waited for, ended with the block."""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from config.launcher.environment import ROOT
from tests.config.processes import eventually


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def alive(command: Sequence[str], port: int, env: dict[str, str], log: Path) -> Iterator[str]:
    """The URL of a server that answers `/livez`. Fails with its log where it does not come up."""
    url = f"http://127.0.0.1:{port}"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        up = eventually(lambda: _answers(url) or process.poll() is not None, 60)
        assert up, log.read_text(errors="replace")
        assert process.poll() is None, log.read_text(errors="replace")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=2).is_success
    except httpx.HTTPError:
        return False
