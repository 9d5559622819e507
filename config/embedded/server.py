"""What PostgreSQL and Valkey have in common: start on a free port, wait until ready, stop, find a left-over one."""

import contextlib
import importlib.util
import logging
import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from config.embedded.errors import EmbeddedError
from config.embedded.guard import Guard

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
HURRY_SECONDS = 2.0
# A server hangs that leaves so many questions in a row without an answer, which takes half a minute.
ASK_SECONDS = 5.0
_UNANSWERED = 6


class Server(ABC):
    """One embedded server: a child process whose data lie in `folder` and whose output goes to `log`."""

    name: str
    package: str
    stage: int
    stop_signal: signal.Signals

    def __init__(self, var_dir: Path, folder: str, guard: Guard, *, durable: bool) -> None:
        self.var_dir = var_dir
        self.folder = var_dir / folder
        self.log = var_dir / "log" / f"{folder}.log"
        self.guard = guard
        self.durable = durable
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._unanswered = 0
        self._asked = 0.0

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, password included."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder ready; called before every start."""

    @abstractmethod
    def launch(self) -> "subprocess.Popen[bytes]":
        """Start the process on `self.port`, in a session of its own."""

    @abstractmethod
    def is_ready(self) -> bool:
        """True once the server answers."""

    @abstractmethod
    def answers(self) -> bool:
        """True if the server answers a question that costs it nothing, within a second."""

    @abstractmethod
    def leftover(self) -> int | None:
        """The process id that the data folder names, if any."""

    def start(self) -> None:
        """Start on the port of before, or on a free one; a server left over by a killed launcher is ended first.

        Raises:
            EmbeddedError: with the end of the server's log.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.end_leftover()
        self.prepare()
        for _ in range(3):
            self.port = self.port if is_free(self.port) else free_port()
            offset = self.log.stat().st_size if self.log.exists() else 0
            self.process = self.launch()
            self.guard.add(self.process.pid, stage=self.stage, signal=self.stop_signal, grace=STOP_SECONDS)
            if wait_until(lambda: self.is_ready() or not self.alive, START_SECONDS) and self.alive:
                self._unanswered = 0
                return
            self.stop()
            said = reason(self.log, offset)
            if "in use" not in said.lower():
                break
        raise EmbeddedError(f"The embedded {self.name} did not start: {said} (The whole log: {self.log})")

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def hangs(self) -> bool:
        """Ask now and then; true once the server has left half a minute's questions without an answer."""
        if time.monotonic() - self._asked >= ASK_SECONDS:
            self._unanswered = 0 if self.answers() else self._unanswered + 1
            self._asked = time.monotonic()
        return self._unanswered >= _UNANSWERED

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End the server in order; after 20 s (2 s where `hurry` is true), by force."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self.stop_signal)
            started = time.monotonic()
            while process.poll() is None:
                if time.monotonic() - started > (HURRY_SECONDS if hurry() else STOP_SECONDS):
                    logger.warning("%s does not end and is killed.", self.name)
                    # Its group: processes of the database that were stopped with it would keep its memory in use.
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                time.sleep(0.02)  # between two looks
        self.guard.drop(process.pid)

    def end_leftover(self) -> None:
        """A launcher and its guard were both killed: what they left running holds our data. End it, start our own."""
        pid = self.leftover()
        if pid is None:
            return
        import psutil

        try:
            process = psutil.Process(pid)
            # The number in the file may belong to another program by now; both servers work inside their data folder.
            ours = Path(process.cwd()) == self.folder
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return
        if not ours:
            return
        logger.warning("Ending a left-over %s (process %s)", self.name, pid)
        process.send_signal(self.stop_signal)
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def package_folder(package: str, server: str) -> Path:
    """The installed package's folder, without importing it.

    Raises:
        EmbeddedError: the platform has no such wheel.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"There is no embedded {server} here (the package {package.replace('_', '-')} is not installed): "
            "set DATABASE_URL and CELERY_BROKER_URL to a PostgreSQL and a Redis or Valkey of your own."
        )
    return Path(spec.origin).parent


def free_port() -> int:
    """A free TCP port on loopback."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """True if a server may listen on `port` (0 is no port)."""
    if not port:
        return False
    with socket.socket() as probe:
        # As servers do: connections of a server that ended a moment ago do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Poll `done` until it is true; False if `seconds` pass first."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)  # between two looks
    return True


def reason(path: Path, offset: int = 0) -> str:
    """Why something ended, from what its log got since `offset` bytes: the last line of an error, else the last one."""
    try:
        with path.open("rb") as file:
            file.seek(max(offset, path.stat().st_size - 20_000))
            lines = [line for line in file.read().decode(errors="replace").split("\n") if line.strip()]
    except OSError:
        lines = []
    telling = [line for line in lines if _tells(line)] or lines
    return telling[-1].strip() if telling else "it says nothing."


def _tells(line: str) -> bool:
    """True for the end of a traceback and for what ends PostgreSQL."""
    kind = line.partition(":")[0]
    return "FATAL:" in line or "PANIC:" in line or (kind.endswith(("Error", "Exception")) and " " not in kind)
