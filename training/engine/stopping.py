"""Reasons to stop before the end: an order, a signal, or a supervisor that is gone."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil

from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
GRACE_SECONDS = 10.0


class Stop:
    """The first reason to stop, if any. Set from threads and signal handlers, obeyed at the end of a step."""

    def __init__(self) -> None:
        self.reason: Exit | None = None

    def request(self, reason: Exit) -> None:
        """Ask the training loop to stop after its current step."""
        if self.reason is None:  # OK, to end well, is 0
            self.reason = reason

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within the block SIGTERM and SIGINT pause the run: checkpoint, then end."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, self._handle) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.request(Exit.PAUSED)


class StoppedError(Exception):
    """Long work after the last step was left between two parts of it; `Stop.reason` says why. It begins anew."""


class SupervisorWatch:
    """Ends this process when its supervisor is gone, so that no orphan trains on beside the next worker.

    The training loop is asked to stop at its next step; if it has not ended `GRACE_SECONDS` later, the process is
    ended where it stands. A checkpoint cut off by that is thrown away by the next start.
    """

    def __init__(self, pid: int, stop: Stop, events: EventLog) -> None:
        """`EngineError` ORPHANED if the supervisor is gone already."""
        self._stop, self._events = stop, events
        try:
            # A psutil process knows its start time, so a recycled pid is not mistaken for the supervisor.
            self._supervisor = psutil.Process(pid)
        except psutil.NoSuchProcess as error:
            raise EngineError(f"The supervisor, process {pid}, is gone.", Exit.ORPHANED) from error

    def start(self) -> None:
        """Watch from a thread of its own until the process ends."""
        threading.Thread(target=self._watch, name="supervisor-watch", daemon=True).start()

    def _watch(self) -> None:
        while not self._gone():
            time.sleep(POLL_SECONDS)  # between two looks
        self._stop.request(Exit.ORPHANED)
        self._events.emit("warning", message="The supervisor is gone; the engine stops.")
        time.sleep(GRACE_SECONDS)  # for the step that is under way to end
        logger.warning("no step ended in %s seconds; leaving now", GRACE_SECONDS)
        os._exit(Exit.ORPHANED)

    def _gone(self) -> bool:
        try:
            return not self._supervisor.is_running() or self._supervisor.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True
