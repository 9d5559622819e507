"""A thread that does something again and again while a block works."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beating(
    beat: Callable[[], bool | None], seconds: float, *, name: str, patience: float | None = None
) -> Iterator[None]:
    """Call `beat` every `seconds` while the block works, until it returns False.

    The block's end waits for a beat that is under way, `patience` seconds at most.
    """
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(seconds) and beat() is not False:
            pass

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(patience)
