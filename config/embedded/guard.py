"""A watcher beside the launcher: when the launcher is gone, however it went, its processes are ended in order.

The launcher tells the guard over a pipe which processes live. The system closes the pipe when the launcher
dies, kill -9 included; then `guardian.py` ends what is left. It works alike on Linux and macOS and reaches
grandchildren, which a parent-death signal does not.
"""

import contextlib
import subprocess
import sys
from pathlib import Path

from common.environment import child_environment

_GUARDIAN = Path(__file__).with_name("guardian.py")


class Guard:
    """Keeps a guardian process told of the processes to end, by stage (lowest first)."""

    def __init__(self, lock_descriptor: int | None = None) -> None:
        """`lock_descriptor` stays open in the guardian: the folder is free only when everything has ended."""
        self._lock_descriptor = lock_descriptor
        self._watched: dict[int, str] = {}
        self._process: subprocess.Popen[str] | None = None
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARDIAN)],
            stdin=subprocess.PIPE,
            text=True,
            env=child_environment(),
            cwd="/",
            start_new_session=True,
            pass_fds=() if self._lock_descriptor is None else (self._lock_descriptor,),
        )

    def add(self, pid: int, *, stage: int, signal: int, grace: float) -> None:
        """Watch a process: it gets `signal`, and after `grace` seconds it and the group that it leads are killed."""
        self._watched[pid] = f"add {pid} {stage} {int(signal)} {grace}\n"
        self._tell(self._watched[pid])

    def drop(self, pid: int) -> None:
        """The process has ended and was reaped: its number may be somebody else's from now on."""
        if self._watched.pop(pid, None):
            self._tell(f"drop {pid}\n")

    def close(self) -> None:
        """End the guardian. What it still watches is ended by it."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            # Where it was killed nothing is left to tell it.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()

    def _tell(self, line: str) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.write(line)
            process.stdin.flush()
        except BrokenPipeError:
            # Somebody ended the guardian: a new one must know everything.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
            self._start()
            for known in self._watched.values():
                self._tell(known)
