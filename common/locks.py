"""File locks that outlive a worker and that nobody waits for in vain.

A holder touches its lock file while it works. From one that does so no longer, because it was stopped or killed, the
lock is taken away: its child is ended, and the file is made anew under the same name.
"""

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common import children
from common.beating import beating

logger = logging.getLogger(__name__)
SILENT_SECONDS = 30.0
_TOUCH_SECONDS, _WAIT_SECONDS = 2.0, 0.2


class Lock:
    """A key's lock, held: open as `descriptor`, touched while this process lives, naming the process at work."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self.descriptor = path, descriptor

    def working(self, pid: int) -> None:
        """Name the child that works under the lock, so that whoever takes it away can end the child, too."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps(vars(children.Name.of(pid))).encode(), 0)

    @contextmanager
    def touched(self) -> Iterator[None]:
        """Touch the file from a thread while the block works."""
        with beating(lambda: os.utime(self.descriptor), _TOUCH_SECONDS, name="lock"):
            yield


@contextmanager
def held(path: Path) -> Iterator[Lock]:
    """Hold the lock, once it is free; it lives as long as any process that was given it."""
    descriptor = _acquire(path)
    try:
        lock = Lock(path, descriptor)
        with lock.touched():
            yield lock
    finally:
        os.close(descriptor)


def _acquire(path: Path) -> int:
    """The open lock file, locked. One that its holder leaves untouched for too long is removed, and made anew."""
    descriptor, touched, since = _open(path), 0, time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = os.fstat(descriptor).st_mtime_ns
            if now != touched:
                touched, since = now, time.monotonic()
            if time.monotonic() - since <= SILENT_SECONDS:
                time.sleep(_WAIT_SECONDS)  # between two looks
                continue
            _take_away(path, descriptor)
        else:
            if _is(path, descriptor):
                return descriptor
        # Another file stands under the name now, or none: that one is to be locked.
        os.close(descriptor)
        descriptor, touched, since = _open(path), 0, time.monotonic()


def _take_away(path: Path, descriptor: int) -> None:
    """End the child of a silent holder, and free the name; what the holder still has open locks nothing any more."""
    logger.warning("%s: its holder fell silent; the lock is taken away", path.name)
    with suppress(OSError, ValueError, TypeError):
        children.Name(**json.loads(os.pread(descriptor, 1000, 0))).kill()
    if _is(path, descriptor):
        path.unlink(missing_ok=True)


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
