"""The real local server as a process, with real models of a few kilobytes."""

import contextlib
import hashlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

ROOT = Path(__file__).resolve().parents[4]
KEY = "for-tests"
SCHEMA = {
    "type": "object",
    "properties": {"tags": {"type": "array", "maxItems": 3, "items": {"enum": ["billing", "delivery", "praise"]}}},
    "required": ["tags"],
    "additionalProperties": False,
}
_names = itertools.count(1)


class Running:
    """A running front and what tests ask of it."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self.process, self.url = process, url
        headers = {"Authorization": f"Bearer {KEY}"}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)

    def create(self, gguf: Path, *, context: int = 512, slots: int = 4, tag: str = "") -> str:
        """Create a model under a tag of its own."""
        tag = tag or f"models.invalid/touchstone/test-{next(_names)}:v1"
        self.post("/models", 201, **body_for(gguf, tag, context, slots))
        return tag

    def post(self, path: str, status: int = 200, /, **body: Any) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def ask(self, tag: str, text: str = "Where is my parcel?", status: int = 200, **more: Any) -> Any:
        body = {"model": tag, "messages": [{"role": "user", "content": text}], "temperature": 0, "seed": 7} | more
        return self.post("/v1/chat/completions", status, **body)

    def row(self, tag: str) -> dict[str, Any]:
        rows = {row["tag"]: row for row in self.http.get("/models").json()["models"]}
        return rows[tag]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def wait_for(self, condition: Callable[[], Any], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.01)


def body_for(gguf: Path, tag: str, context: int = 512, slots: int = 4) -> dict[str, Any]:
    digest = hashlib.sha256(gguf.read_bytes()).hexdigest()
    return {"tag": tag, "path": str(gguf), "sha256": digest, "context": context, "slots": slots}


def content(answer: Any) -> str:
    return str(answer["choices"][0]["message"]["content"])


def launch(folder: Path, port: int, root: Path | None = None) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "deployment.servers.localserver", "--port", str(port), "--cores", "2"]
    return subprocess.Popen(
        [*command, "--state-dir", str(folder), "--artifacts", str(root or tempfile.gettempdir())],
        cwd=ROOT,
        env={**os.environ, "LOCAL_MODEL_SERVER_KEY": KEY},
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def front_on(folder: Path, root: Path | None = None) -> Iterator[Running]:
    """Start a front on a free port; it has ended with the block, its children too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Running(launch(folder, port, root), f"http://127.0.0.1:{port}")
    try:
        running.wait_for(lambda: _answers(running), 30)
        yield running
    finally:
        running.http.close()
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
        running.process.communicate(timeout=30)


def _answers(running: Running) -> bool:
    assert running.process.poll() is None, running.process.communicate()[1]
    try:
        return running.http.get("/livez").is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One front for all tests that only add models to it."""
    with front_on(tmp_path_factory.mktemp("front")) as running:
        yield running
