"""Signs of life for whoever supervises this process: a file that a thread touches, named by TOUCHSTONE_ALIVE.

A process that ended is seen by its parent; one that hangs is not. The thread stops with its process (SIGSTOP, a library
that never gives the interpreter back, a machine without memory), and with nothing else: an outage of a server that the
process waits for is no hang.
"""

import contextlib
import os
import threading
import time
from pathlib import Path

VARIABLE = "TOUCHSTONE_ALIVE"
SECONDS = 2.0


def show_life() -> None:
    """Touch the file from now on, every two seconds; nothing where none is named."""
    if path := os.environ.get(VARIABLE):
        threading.Thread(target=_touch, args=(Path(path),), name="alive", daemon=True).start()


def _touch(path: Path) -> None:
    while True:
        with contextlib.suppress(OSError):
            path.touch()
        time.sleep(SECONDS)  # between two signs
