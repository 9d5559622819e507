"""Real Celery workers for tests: started, waited for, and ended by their own process ids."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGINES = {"training.engine", "training.heads"}


class Worker:
    """A worker process with its pool; engines that it started are told apart from it."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self.log = process, log

    @property
    def engines(self) -> list[psutil.Process]:
        """The training engines below this worker."""
        return [child for child in self._children() if is_engine(child)]

    def kill(self) -> None:
        """kill -9 of the worker alone, all its processes at once; engines live on."""
        own = [child for child in self._children() if not is_engine(child)]
        for process in [psutil.Process(self.process.pid), *own]:
            process.kill()
        self.process.wait()
        psutil.wait_procs(own, timeout=10)

    def kill_all(self) -> None:
        """kill -9 of the worker and of its engines."""
        children = self._children()
        self.process.kill()
        for child in children:
            child.kill()
        self.process.wait()
        psutil.wait_procs(children, timeout=10)

    def end(self) -> None:
        """Quick end: whatever of it still lives."""
        if self.process.poll() is None:
            self.kill_all()

    def _children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def is_engine(process: psutil.Process) -> bool:
    try:
        return not ENGINES.isdisjoint(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def start_worker(env: dict[str, str], log: Path, *queues: str, pool: str = "prefork") -> Worker:
    """A worker on `queues`, ready to take tasks; the caller ends it. Fails with its log where it does not come up."""
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", ",".join(queues), "-c", "1"]
    command += [
        f"--pool={pool}",
        "-n",
        f"{'-'.join(queues)}-{log.stem}@%h",
        "--without-gossip",
        "--without-mingle",
        "--loglevel=INFO",
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            # As the launcher does, whose set-up has checked everything.
            env={**env, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "CELERY_SKIP_CHECKS": "1"},
        )
    worker = Worker(process, log)
    try:
        eventually(lambda: b" ready." in log.read_bytes() or process.poll() is not None, 60, "no worker came up")
        assert process.poll() is None, log.read_text(errors="replace")
    except BaseException:
        worker.end()
        raise
    return worker


# What production has unless it is set otherwise; most tests are in more of a hurry.
PACE = {"WATCH_SECONDS": "20", "REAP_SECONDS": "5", "SWEEP_SECONDS": "60", "LEASE_SECONDS": "20"}


@contextmanager
def workers(env: dict[str, str], folder: Path) -> Iterator[Callable[..., Worker]]:
    """A function that starts workers; all of them are ended with the block."""
    started: list[Worker] = []

    def start(*queues: str, pool: str = "prefork") -> Worker:
        started.append(start_worker(env, folder / f"worker-{len(started)}.log", *queues, pool=pool))
        return started[-1]

    try:
        yield start
    finally:
        for worker in started:
            worker.end()


@pytest.fixture
def start_workers(process_env: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """`start_workers("gpu", pool="threads")`: a worker on the test database, ended with the test."""
    with workers(process_env, tmp_path) as start:
        yield start


@contextmanager
def beat(env: dict[str, str], folder: Path) -> Iterator[None]:
    """Celery's beat, at the pace that `env` gives."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "beat", f"--schedule={folder / 'schedule'}"]
    with (folder / "beat.log").open("wb") as log:
        quick = {**env, "CELERY_SKIP_CHECKS": "1"}
        process = subprocess.Popen(command, cwd=ROOT, env=quick, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def eventually(done: Callable[[], object], seconds: float = 60, otherwise: str = "waited too long") -> None:
    """Poll until `done` holds; fail with `otherwise` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


__all__ = ["Worker", "alive", "beat", "eventually", "is_engine", "start_worker", "start_workers", "workers"]
