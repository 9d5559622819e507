"""A run folder: where things lie in it, who may write to it, and what its owner orders."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from common.beating import beating
from common.children import Name
from common.files import write_json
from training.engine.errors import EngineError, Exit

# The weights of an adapter, as PEFT names them.
WEIGHTS = "adapter_model.safetensors"
BEAT_SECONDS = 10.0
# `keep`: end now, with the best that there is.
ORDERS = {"pause": Exit.PAUSED, "cancel": Exit.CANCELLED, "keep": Exit.OK}


class RunDir:
    """Paths of a run folder. `config.yaml` and `data/` are given, the rest is the engine's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.train = path / "data" / "train.jsonl"
        self.validation = path / "data" / "validation.jsonl"
        # For a dry run only: how prompts list the labels.
        self.label_list = path / "data" / "label_list.txt"
        self.events = path / "events.jsonl"
        self.checkpoints = path / "checkpoints"
        self.best = path / "best"
        # Of one seed among several, until they are averaged.
        self.part = self.checkpoints / "adapter"
        self.rung = path / "memory.json"
        self.adapter = path / "adapter"
        # What is served of a head: in place of an adapter (`training.heads`), or beside it (`training.engine.heads`).
        self.head = path / "head"
        self.control = path / "control.json"
        self.pulse = path / "pulse"
        self.manifest = path / "manifest.json"
        self.lease = path / "lease.json"
        self.log = path / "engine.log"

    def phase(self, number: int) -> "RunDir":
        """The folder as a phase sees it (`training.engine.phases`): with checkpoints and a best of its own."""
        run = RunDir(self.path)
        if number:
            run.checkpoints = self.checkpoints / f"phase-{number}"
            run.best, run.part = run.checkpoints / "best", run.checkpoints / "adapter"
        return run

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
            raise EngineError(f"Another process writes to {self.path}{self._held_by()}.", Exit.LOCKED) from error
        with lock:
            self.pulse.unlink(missing_ok=True)
            write_json(self.lease, {"token": token, **vars(Name.of(os.getpid()))})
            yield

    def _held_by(self) -> str:
        holder = self.holder()
        return f" (process {holder.pid} on {holder.host})" if holder else ""

    def holder(self) -> Name | None:
        """The process that held the lock last, as it named itself; None where nobody did."""
        try:
            lease = json.loads(self.lease.read_text(encoding="utf-8"))
            return Name(lease["host"], lease["pid"], lease["started"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def beat(self) -> None:
        """A sign that the work goes on: a step, or a part of one."""
        self.pulse.touch()

    @contextmanager
    def beating(self) -> Iterator[None]:
        """While a library works in one long call, which gives no sign; a process that does nothing is seen anyway."""
        with beating(self.beat, BEAT_SECONDS, name="beat"):
            yield

    def order(self) -> Exit | None:
        """What `control.json` asks for: PAUSED, CANCELLED, OK or nothing. A half-written file asks for nothing yet."""
        try:
            action = json.loads(self.control.read_text(encoding="utf-8"))["action"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return ORDERS.get(action)

    def give(self, action: str) -> None:
        """Order `pause`, `cancel` or `keep`, or nothing any more; the engine reads it at its next step."""
        if action:
            write_json(self.control, {"action": action})
        else:
            self.control.unlink(missing_ok=True)

    def obeyed(self, order: Exit) -> None:
        """A pause is used up once obeyed, so that the next start goes on; a cancelled run stays cancelled."""
        if order is Exit.PAUSED and self.order() is Exit.PAUSED:
            self.control.unlink(missing_ok=True)


def is_main_process() -> bool:
    """Whether this is the first, or the only, process of the run."""
    return int(os.environ.get("RANK", "0")) == 0
