"""A run folder: where things lie in it, who may write to it, and what its owner orders."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from training.engine.errors import EngineError, Exit
from training.engine.files import write_json

ORDERS = {"pause": Exit.PAUSED, "cancel": Exit.CANCELLED}


class RunDir:
    """Paths of a run folder. `config.yaml` and `data/` are given, the rest is the engine's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.train = path / "data" / "train.jsonl"
        self.validation = path / "data" / "validation.jsonl"
        self.events = path / "events.jsonl"
        self.checkpoints = path / "checkpoints"
        self.adapter = path / "adapter"
        self.control = path / "control.json"
        self.manifest = path / "manifest.json"
        self.lease = path / "lease.json"

    @property
    def complete(self) -> bool:
        """Whether the run has ended well: the manifest is written last."""
        return self.manifest.is_file()

    @contextmanager
    def locked(self, token: str | None) -> Iterator[None]:
        """Be the only writer, or `EngineError` LOCKED. The kernel frees the lock when the holder dies, however."""
        if not is_main_process():
            # Of a distributed run's processes only the first writes, so only the first holds the lock.
            yield
            return
        lock = FileLock(self.path / "engine.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise EngineError(f"Another process writes to {self.path} ({self._holder()}).", Exit.LOCKED) from error
        with lock:
            write_json(self.lease, {"token": token, "pid": os.getpid(), "host": socket.gethostname()})
            yield

    def _holder(self) -> str:
        try:
            lease = json.loads(self.lease.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return "unknown"
        return f"process {lease.get('pid')} on {lease.get('host')}, lease {lease.get('token')}"

    def order(self) -> Exit | None:
        """What `control.json` asks for: PAUSED, CANCELLED or nothing. A half-written file asks for nothing yet."""
        try:
            action = json.loads(self.control.read_text(encoding="utf-8"))["action"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return ORDERS.get(action)

    def obeyed(self, order: Exit) -> None:
        """A pause is used up once obeyed, so that the next start goes on; a cancelled run stays cancelled."""
        if order is Exit.PAUSED and self.order() is Exit.PAUSED:
            self.control.unlink(missing_ok=True)


def is_main_process() -> bool:
    """Whether this is the first, or the only, process of the run."""
    return int(os.environ.get("RANK", "0")) == 0
