"""Children of ours: run one to its end, and end one that shows no sign of life.

A child lives while it, or a child of its own, uses processor time, reads or writes. One that is stopped, deadlocked, or
waits for an answer that never comes does none of these, however long it is waited for.
"""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

POLL_SECONDS = 0.5
GRACE_SECONDS = 10.0


class SilentError(subprocess.SubprocessError):
    """The child gave no sign of life for too long and was ended."""


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (minus the signal that killed it), what it printed and what it complained of."""

    code: int
    output: str
    errors: str


class Vitals:
    """Signs of life of a process and its children, and for how long there have been none."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen, self._at = signs_of(pid), time.monotonic()

    def silent_for(self) -> float:
        """Seconds since the last sign of life; seconds in which nobody asked count as silence only where it goes on."""
        found = signs_of(self._pid)
        if found != self._seen:
            self._seen, self._at = found, time.monotonic()
        return time.monotonic() - self._at


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    silence: float,
    total: float,
    watch: Callable[[int], None] | None = None,
    **options: Any,
) -> Ended:
    """Run a command to its end, with `env` alone; `options` go to `Popen`, `watch` is told its process id.

    Raises `SilentError` where it gave no sign of life for `silence` seconds, `TimeoutExpired` after `total` seconds.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, **options)
        try:
            if watch:
                watch(child.pid)
            _wait(child, silence, total)
        finally:
            end(child, grace=0)
        return Ended(child.returncode, _text(output), _text(errors))


def _wait(child: "subprocess.Popen[bytes]", silence: float, total: float) -> None:
    vitals, deadline = Vitals(child.pid), time.monotonic() + total
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=POLL_SECONDS)
            return
        if vitals.silent_for() > silence:
            raise SilentError(f"no sign of life for {silence:.0f} seconds (stopped, deadlocked, or without an answer)")
        if time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(child.args, total)


def end(child: "subprocess.Popen[bytes]", *, grace: float = GRACE_SECONDS) -> None:
    """End a child and its children: asked first where `grace` is given, then killed. Never leaves one behind."""
    if child.poll() is not None:
        return
    family = _family(child.pid)
    if grace:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=grace)
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()
    child.wait()


@dataclass(frozen=True)
class Name:
    """A process by name: host, id and start, so that a number that was given again is not mistaken for it."""

    host: str
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Name":
        """The name of a process of this host that is there."""
        return cls(socket.gethostname(), pid, psutil.Process(pid).create_time())

    def kill(self) -> bool:
        """Kill it and its children, stopped or not; False where it is of another host, or gone."""
        if self.host != socket.gethostname():
            return False
        with contextlib.suppress(psutil.Error):
            if psutil.Process(self.pid).create_time() == self.started:
                for process in _family(self.pid):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
                return True
        return False


def signs_of(pid: int) -> tuple[float, ...]:
    """Numbers that change while a process or one of its children lives: processor time, and bytes in and out."""
    signs: list[float] = []
    for process in _family(pid):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            signs += [process.pid, times.user + times.system, *_bytes_of(process)]
    return tuple(signs)


def _bytes_of(process: psutil.Process) -> list[float]:
    if not Path(f"/proc/{process.pid}/io").exists():  # other systems than Linux do not tell
        return []
    counters: Any = process.io_counters()
    return [counters.read_chars, counters.write_chars]


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
