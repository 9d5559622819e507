"""Is a process alive, or is it only there? It touches a file every two seconds (`common.alive`); the launcher looks."""

import time
from pathlib import Path

# Many times the pause between two signs: a busy machine must not have its workers killed.
SILENCE_SECONDS = 20.0
# Until the first sign: imports on a cold disk. Longer than a launcher waits until all is up (180 s).
START_SECONDS = 240.0


class Life:
    """The signs of one process, timed by when they were seen: neither a set clock nor a sleeping machine counts."""

    def __init__(self, path: Path, *, silence: float = SILENCE_SECONDS, start: float = START_SECONDS) -> None:
        self.path = path
        self._silence, self._start = silence, start
        self._sign: int | None = None
        self._seen = 0.0

    def begin(self) -> None:
        """A process starts anew: what the last one left is no sign."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._sign, self._seen = None, time.monotonic()

    @property
    def shown(self) -> bool:
        """True once the process has given a sign."""
        return self._sign is not None

    @property
    def allowed(self) -> float:
        """Seconds without a sign after which the process hangs."""
        return self._silence if self.shown else self._start

    def hangs(self) -> bool:
        """Look. True if the last sign, or without one the beginning, is longer ago than allowed."""
        try:
            sign: int | None = self.path.stat().st_mtime_ns
        except OSError:
            sign = self._sign
        if sign != self._sign:
            self._sign, self._seen = sign, time.monotonic()
        return time.monotonic() - self._seen > self.allowed
