"""What did not answer is left alone for a moment: callers do not queue up behind it, each until its own limit."""

import time


class Pause:
    """A few seconds, counted by this process, in which something is not asked again."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = 0.0

    @property
    def lasts(self) -> bool:
        """True until the pause that was begun last is over."""
        return time.monotonic() < self._until

    def begin(self) -> None:
        """It did not answer just now."""
        self._until = time.monotonic() + self.seconds
