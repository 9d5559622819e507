"""One attempt at a run whose result is a head: the lock, the story, orders, and how it ends. With torch or without."""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from common.options import Options
from training.engine.endings import told
from training.engine.errors import Exit
from training.engine.events import EventLog
from training.engine.rundir import RunDir
from training.engine.stopping import Stop, SupervisorWatch
from training.heads.kept import Kept

logger = logging.getLogger(__name__)
Config = TypeVar("Config", bound=Options)


class StoppedError(Exception):
    """An order, a signal, or a supervisor that is gone."""


class Attempt(ABC):
    """What works in a run folder, from wherever that stands, to its manifest."""

    def __init__(self, run: RunDir, events: EventLog, stop: Stop) -> None:
        self.run, self.events, self.stop = run, events, stop
        self.kept = Kept(run.checkpoints)
        self.step, self.total, self.began = 0, 0, time.monotonic()
        self.keeps = False

    @abstractmethod
    def go(self) -> Exit:
        """Work to the end. Raises `StoppedError` where it is to stop before."""

    def tick(self) -> None:
        """A sign that the work goes on, and a look at what was ordered."""
        self.run.beat()
        self.obey()

    def obey(self) -> None:
        """Raise `StoppedError` where it is to stop. `keeps`: it is to end with its best, once it has one."""
        order = self.run.order()
        self.keeps = order is Exit.OK
        if order in {Exit.CANCELLED, Exit.PAUSED}:
            self.stop.request(order)
        if self.stop.reason is not None:
            raise StoppedError

    def done(self, is_kept: bool = False) -> None:
        """One more step. Only what this attempt made and kept is a checkpoint: that forgives the attempts before it."""
        self.step += 1
        self.events.emit("checkpoint" if is_kept else "progress", step=self.step, total_steps=self.total)
        self.tick()

    def stopped(self) -> Exit:
        """End as ordered; what was kept is there for the next one."""
        reason = Exit.PAUSED if self.stop.reason is None else self.stop.reason
        if reason is Exit.CANCELLED:
            self.events.emit("cancelled", step=self.step)
        elif reason is Exit.PAUSED:
            self.events.emit("paused", step=self.step)
        self.run.obeyed(reason)
        return reason


def attempt(
    path: Path,
    read: Callable[[Path], Config],
    work: Callable[[RunDir, Config, EventLog, Stop], Attempt],
    *,
    lease: str | None,
    supervisor_pid: int | None,
) -> Exit:
    """Work off the run in `path`, or go on with it. A complete run is left as it is.

    Raises `EngineError` with the exit code for a bad config, a locked folder, an encoder that cannot be used.
    """
    run = RunDir(path)
    if run.complete:
        logger.info("%s is complete already", path)
        Kept(run.checkpoints).clear()  # it may have been killed between its manifest and this
        return Exit.OK
    config = read(run.config)
    with run.locked(lease):
        if run.complete:  # finished by the process that held the lock before us
            return Exit.OK
        events, stop = EventLog(run.events), Stop()
        if supervisor_pid is not None:
            SupervisorWatch(supervisor_pid, stop, events).start()
        working = work(run, config, events, stop)
        with told(events):
            try:
                with stop.on_signals():
                    return working.go()
            except StoppedError:
                return working.stopped()
