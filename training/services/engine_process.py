"""The engine as a child process: started in a run's folder, followed to its end, ended where it hangs or is not wanted.

One writer per DIR: the row's lease lets one supervisor in, the engine's file lock on DIR refuses a second writer, and
an engine whose supervisor is gone ends by itself. One that cannot, because it or its supervisor was stopped, is killed
by the next holder of the lease.
"""

import logging
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from common import children, leases
from common.environment import child_environment
from training.engine.errors import Exit
from training.engine.rundir import RunDir
from training.models import RunEvent, TrainingRun
from training.services.engine_watch import EngineWatch
from training.services.events import EventTail, summarise

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.5
# A folder still locked: an engine whose supervisor is gone ends within a step, or ten seconds after the last.
LOCKED_SECONDS = 15.0
# A cancelled engine is asked through its folder, then told by a signal, then killed.
TERMINATE_AFTER, KILL_AFTER = 10.0, 25.0


@dataclass(frozen=True)
class Ending:
    """An engine's exit code, and why it was ended where that was not its own doing."""

    code: int
    why: str = ""


def engine_command(run: TrainingRun, folder: Path, token: uuid.UUID) -> list[str]:
    """The command that works in `folder` by the run's method, bound to this process and this lease."""
    python = [sys.executable, "-m", *run.way.engine]
    return [*python, "--run", str(folder), "--lease", str(token), "--supervisor-pid", str(os.getpid())]


def run_engine(run: TrainingRun, token: uuid.UUID, folder: Path) -> Ending:
    """Train in `folder` and carry what the engine reports into the rows; raises `LeaseLostError`."""
    given = RunDir(folder)
    until_kill = time.monotonic() + LOCKED_SECONDS
    while True:
        with given.log.open("ab") as log:
            engine = subprocess.Popen(
                engine_command(run, folder, token),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=settings.BASE_DIR,
                env=child_environment(run.base.token_env, network=not run.way.of_encoder),
            )
        try:
            ending = _Following(run, token, folder, engine).to_the_end()
        finally:
            children.end(engine)
        if ending.code != Exit.LOCKED:
            return ending
        if time.monotonic() > until_kill:
            holder = given.holder()
            if holder is None or not holder.kill():
                return ending
            logger.warning("run %s: the engine that kept the folder, process %s, was killed", run.pk, holder.pid)
            until_kill = time.monotonic() + LOCKED_SECONDS
        time.sleep(POLL_SECONDS)  # between two looks  # the orphan ends at its next step


class _Following:
    """One engine, from its start to its end."""

    def __init__(self, run: TrainingRun, token: uuid.UUID, folder: Path, engine: "subprocess.Popen[bytes]") -> None:
        self.run, self.token, self.folder, self.engine = run, token, folder, engine
        self.tail = EventTail(RunDir(folder).events, _last_seq(run))
        self.watch = EngineWatch(folder, engine.pid)
        self.unkept: list[dict[str, Any]] = []
        self.ordered = run.ordered
        self.cancelled_at: float | None = None

    def to_the_end(self) -> Ending:
        while True:
            code = self.engine.poll()
            try:
                self._carry()
            except (OperationalError, InterfaceError) as error:
                # Whoever cannot reach the database cannot take the lease either: training goes on meanwhile.
                logger.warning("run %s: the database does not answer: %s", self.run.pk, error)
                connection.close()
                if code is not None:
                    time.sleep(POLL_SECONDS)  # what it said last is still to be kept
                    continue
            if code is not None:
                return Ending(code)
            problem = self.watch.problem() or self._cancelled()
            if problem:
                logger.warning("run %s: %s", self.run.pk, problem)
                children.end(self.engine, grace=0)
                self._carry()
                return Ending(self.engine.returncode, problem)
            time.sleep(POLL_SECONDS)

    def _carry(self) -> None:
        """New events into the rows, the lease prolonged, a new order handed on."""
        self.unkept += self.tail.read()
        store_events(self.run, self.unkept)
        # What a checkpoint holds is not lost again: the tries before it do not count any more.
        moved = {"attempts": 0} if any(event["kind"] == "checkpoint" for event in self.unkept) else {}
        leases.renew(TrainingRun, self.run.pk, self.token, **summarise(self.unkept), **moved)
        self.unkept = []
        ordered = TrainingRun.objects.values_list("ordered", flat=True).get(pk=self.run.pk)
        if ordered != self.ordered:
            RunDir(self.folder).give(ordered)
            self.ordered = ordered
        if self.cancelled_at is None and ordered == TrainingRun.Order.CANCEL:
            self.cancelled_at = time.monotonic()

    def _cancelled(self) -> str:
        """Why to kill an engine that was cancelled and does not end; it is told by a signal before."""
        waited = 0.0 if self.cancelled_at is None else time.monotonic() - self.cancelled_at
        if waited > TERMINATE_AFTER:
            self.engine.terminate()
        return f"It was cancelled, did not end within {KILL_AFTER:.0f} seconds, and was killed." * (waited > KILL_AFTER)


def _last_seq(run: TrainingRun) -> int:
    newest = RunEvent.objects.filter(run=run).order_by("-seq").values_list("seq", flat=True).first()
    return -1 if newest is None else newest


def store_events(run: TrainingRun, fresh: list[dict[str, Any]]) -> None:
    """Append events as rows; those already there are left alone."""
    RunEvent.objects.bulk_create(
        [
            RunEvent(
                run=run,
                seq=event["seq"],
                kind=event["kind"],
                at=event["time"],
                payload={key: value for key, value in event.items() if key not in {"seq", "kind", "time"}},
            )
            for event in fresh
        ],
        ignore_conflicts=True,
    )


def log_tail(folder: Path, lines: int = 40) -> str:
    """The last lines of the engine's log; empty before it wrote any."""
    path = RunDir(folder).log
    if not path.is_file():
        return ""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 200 * lines))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
