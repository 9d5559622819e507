"""Ctrl-C, `kill` and a closed terminal, noted by handlers and read by the launcher's loop."""

import signal
from types import FrameType


class StopRequest:
    """Counts the requests to end. The first one ends everything in order, a second one hurries."""

    def __init__(self) -> None:
        self.count = 0
        self.last: int | None = None
        self.ignore_interrupt = False

    def install(self) -> "StopRequest":
        """Take SIGINT, SIGTERM and SIGHUP. Handlers, not SIG_IGN: children would inherit the latter."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` has asked that a closed terminal ends nothing.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.ignore_interrupt:
            return
        self.count += 1
        self.last = number

    @property
    def wanted(self) -> bool:
        return self.count > 0

    @property
    def hurry(self) -> bool:
        return self.count > 1


class Stopped(Exception):
    """A request to end came while something was being started."""
