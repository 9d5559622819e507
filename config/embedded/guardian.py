"""The guard's own process. Run by path, with the standard library alone, so that it stays small and starts at once."""

import contextlib
import os
import signal
import sys
import time


def main() -> None:
    """Read `add PID STAGE SIGNAL GRACE` and `drop PID` until the launcher is gone, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, tuple[int, int, float]] = {}
    for line in sys.stdin:
        word, pid, *rest = line.split()
        if word == "add":
            watched[int(pid)] = (int(rest[0]), int(rest[1]), float(rest[2]))
        else:
            watched.pop(int(pid), None)
    for stage in sorted({stage for stage, _, _ in watched.values()}):
        _end({pid: (number, grace) for pid, (at, number, grace) in watched.items() if at == stage})


def _end(processes: dict[int, tuple[int, float]]) -> None:
    """Ask each leader to end; after its grace, kill it and whatever is left of its group."""
    for pid, (number, _) in processes.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    started = time.monotonic()
    while any(_lives(pid) and time.monotonic() < started + grace for pid, (_, grace) in processes.items()):
        time.sleep(0.05)  # between two looks
    for pid in processes:
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    for probe in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            probe(pid, 0)
            return True
    return False


if __name__ == "__main__":
    main()
