"""Whether an engine still works: its events and its pulse grow, at the pace that its own steps have shown."""

import time
from pathlib import Path

from django.conf import settings

from common.children import Vitals
from training.engine.rundir import RunDir

# A step may take this many times as long as the longest one so far: long rows, a checkpoint on a slow disk.
PATIENCE = 20


class EngineWatch:
    """One for an attempt. Changes are compared, not clocks, so that a folder of another host's disk serves, too."""

    def __init__(self, folder: Path, pid: int) -> None:
        self._run, self._vitals = RunDir(folder), Vitals(pid)
        self._before, self._at = self._progress(), time.monotonic()
        self._longest = 0.0

    def problem(self) -> str:
        """Why the engine is to be ended, as a sentence; empty while it works."""
        now, found = time.monotonic(), self._progress()
        if found != self._before:
            if self._before[1] and found[1] != self._before[1]:
                self._longest = max(self._longest, now - self._at)
            self._before, self._at = found, now
        if self._vitals.silent_for() > settings.SILENCE_SECONDS:
            return f"The engine gave no sign of life for {settings.SILENCE_SECONDS:.0f} seconds and was ended."
        if now - self._at > self.limit():
            what = "a step" if found[1] else "loading"
            return f"Nothing came from the engine for {now - self._at:.0f} seconds, {what} hung, and it was ended."
        return ""

    def limit(self) -> float:
        """Seconds without a step or an event after which it hangs."""
        if not self._before[1]:
            return float(settings.ENGINE_LOADING_SECONDS)
        return max(float(settings.SILENCE_SECONDS), PATIENCE * self._longest)

    def _progress(self) -> tuple[int, int]:
        return (_stat(self._run.events), _stat(self._run.pulse))


def _stat(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
