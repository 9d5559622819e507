"""Is a process alive, or is it only there? It touches a file every two seconds (`common.alive`); the launcher looks."""

import time
from pathlib import Path

# Many times the pause between two signs: a busy machine must not have its workers killed.
SILENCE_SECONDS = 20.0


class Life:
    """The signs of one process, timed by when they were seen: neither a set clock nor a sleeping machine counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sign: int | None = None
        self._seen = 0.0

    def begin(self) -> None:
        """A process starts anew: what the last one left is no sign."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._sign = None

    @property
    def shown(self) -> bool:
        """True once the process has given a sign."""
        return self._sign is not None

    def hangs(self) -> bool:
        """Look. True if the process has given signs and then none for `SILENCE_SECONDS`."""
        try:
            sign: int | None = self.path.stat().st_mtime_ns
        except OSError:
            sign = self._sign
        if sign != self._sign:
            self._sign, self._seen = sign, time.monotonic()
        return self.shown and time.monotonic() - self._seen > SILENCE_SECONDS
