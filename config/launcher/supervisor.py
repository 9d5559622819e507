"""Keeps processes running, restarts the ones that end, and ends them all in order."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from common.alive import VARIABLE
from config.embedded import Guard
from config.launcher.console import Console, LogTail
from config.launcher.life import Life
from config.launcher.processes import Process

TICK = 0.1
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 60.0
_LOG_LIMIT = 20_000_000


class Child:
    """One supervised process: what runs, how often it fell, when it starts again."""

    def __init__(self, process: Process, log_dir: Path) -> None:
        self.spec = process
        self.log = log_dir / f"{process.name}.log"
        self.running: subprocess.Popen[bytes] | None = None
        self.falls = 0
        self.started = 0.0
        self.due: float | None = None
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.tail = LogTail(self.log)
        self.life = Life(log_dir.parent / "alive" / process.name)

    def start(self, environment: dict[str, str], cwd: Path) -> None:
        """Start the command in a session of its own: the terminal's Ctrl-C is for the launcher alone."""
        self.life.begin()
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.spec.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.spec.narrowed(environment) | self.spec.environment | {VARIABLE: str(self.life.path)},
                cwd=cwd,
                start_new_session=True,
            )
        self.started, self.due = time.monotonic(), None

    def sweep(self) -> None:
        """Kill what the ended process has left of its group."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, signal.SIGKILL)


class Supervisor:
    """Runs `processes` until `stop`. One thread: call `tick` about ten times a second."""

    def __init__(
        self,
        processes: list[Process],
        environment: dict[str, str],
        log_dir: Path,
        guard: Guard,
        console: Console,
        cwd: Path,
    ) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self.children = [Child(process, log_dir) for process in processes]
        self._environment = environment
        self._guard = guard
        self._console = console
        self._cwd = cwd

    def start(self) -> None:
        """Start every process."""
        for child in self.children:
            self._start(child)

    def tick(self) -> None:
        """Show new log lines, note processes that ended or hang, start again those whose pause is over."""
        for child in self.children:
            self._show(child)
            if child.running is not None and child.running.poll() is not None:
                self._note_fall(child, _how(child.running.returncode))
            elif child.running is not None and child.life.hangs():
                child.running.kill()
                child.running.wait()
                self._note_fall(child, f"has given no sign of life for {child.life.allowed:.0f} s, was killed")
            elif child.due is not None and time.monotonic() >= child.due:
                self._start(child)

    def silent(self) -> list[str]:
        """The processes that have given no sign of life since their start."""
        return [child.spec.name for child in self.children if not child.life.shown]

    def worst(self) -> Child | None:
        """The process that fell most often, None where none did."""
        fallen = [child for child in self.children if child.falls]
        return max(fallen, key=lambda child: child.falls, default=None)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End all, stage by stage. `hurry` true: every wait is cut short, the order stays."""
        for stage in sorted({child.spec.stage for child in self.children}):
            self._end_stage([child for child in self.children if child.spec.stage == stage], hurry)

    def _start(self, child: Child) -> None:
        child.start(self._environment, self._cwd)
        if child.running is not None:
            number, grace = child.spec.ending[-1][0], sum(seconds for _, seconds in child.spec.ending)
            self._guard.add(child.running.pid, stage=child.spec.stage, signal=number, grace=min(grace, 10.0))

    def _show(self, child: Child) -> None:
        for line in child.tail.lines():
            self._console.line(child.spec.name, line)

    def _note_fall(self, child: Child, how: str) -> None:
        steady = child.life.shown and time.monotonic() - child.started > _STEADY_SECONDS
        child.falls = 1 if steady else child.falls + 1
        pause = min(2.0 ** (child.falls - 1), _LONGEST_PAUSE)
        child.due = time.monotonic() + pause
        self._forget(child)
        self._console.say(f"{child.spec.name} {how} and starts again in {pause:.0f} s; its log: {child.log}")

    def _forget(self, child: Child) -> None:
        child.sweep()
        if child.running is not None:
            self._guard.drop(child.running.pid)
        child.running = None

    def _end_stage(self, children: list[Child], hurry: Callable[[], bool]) -> None:
        steps = max(len(child.spec.ending) for child in children)
        for step in range(steps):
            for child in children:
                child.due = None
                if child.running is not None and step < len(child.spec.ending):
                    child.running.send_signal(child.spec.ending[step][0])
            self._wait_stage(children, step, hurry)
        for child in children:
            if child.running is not None and child.running.poll() is None:
                self._console.say(f"{child.spec.name} does not end and is killed.")
                child.running.kill()
                child.running.wait()
            self._show(child)
            self._forget(child)

    def _wait_stage(self, children: list[Child], step: int, hurry: Callable[[], bool]) -> None:
        started, hurried = time.monotonic(), hurry()
        while True:
            limits = [
                min(child.spec.ending[step][1], 2.0 if hurried or hurry() else 3600.0)
                for child in children
                if child.running is not None and child.running.poll() is None and step < len(child.spec.ending)
            ]
            if not limits or time.monotonic() - started > max(limits):
                return
            time.sleep(TICK / 2)  # between two looks


def _how(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
