"""How long work may wait for another service, and how many may wait at once: limits that travel with the work.

A door sets them, and whoever calls out asks for what is left, so that no caller in between has to pass them on. Threads
that the work starts have no limits but those that they set themselves.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Some clients take 0 for "no limit"; so much is left where nothing is.
LEAST = 0.05
_until: ContextVar[float | None] = ContextVar("until", default=None)


class CrowdedError(Exception):
    """As many as may wait are waiting already."""


class Crowd:
    """So many may wait at once; whoever comes after them is turned away and does not wait for a place."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._taken, self._lock = 0, threading.Lock()

    def enter(self, leaving: int = 0) -> Callable[[], None]:
        """Take a place; what comes back gives it free again, once. Raises `CrowdedError`.

        `leaving`: so many must be free after it; a crowd of one has none to leave.
        """
        with self._lock:
            if self._taken + min(leaving, self.places - 1) >= self.places:
                raise CrowdedError(f"{self._taken} requests wait for model servers already, as many as may")
            self._taken += 1
        held = threading.Lock()

        def leave() -> None:
            if held.acquire(blocking=False):
                with self._lock:
                    self._taken -= 1

        return leave


_crowd: ContextVar[Crowd | None] = ContextVar("crowd", default=None)
_leaving: ContextVar[int] = ContextVar("leaving", default=0)


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """All calls of the block together have so long; the innermost block rules. None: each call's own limit alone."""
    token = _until.set(None if seconds is None else time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def left(seconds: float) -> float:
    """What is left of the block's time, `seconds` at most."""
    until = _until.get()
    return seconds if until is None else max(LEAST, min(seconds, until - time.monotonic()))


def is_over() -> bool:
    """The block's time is up."""
    until = _until.get()
    return until is not None and time.monotonic() >= until


@contextmanager
def among(crowd: Crowd) -> Iterator[None]:
    """Whoever calls out in the block takes one of the crowd's places for it."""
    token = _crowd.set(crowd)
    try:
        yield
    finally:
        _crowd.reset(token)


@contextmanager
def leaving(places: int) -> Iterator[None]:
    """Whoever calls out in the block leaves so many places of the crowd to others."""
    token = _leaving.set(places)
    try:
        yield
    finally:
        _leaving.reset(token)


def enter() -> Callable[[], None]:
    """Take a place for one call, where the work is one of a crowd; give it back by what is returned."""
    crowd = _crowd.get()
    return crowd.enter(_leaving.get()) if crowd else lambda: None


@contextmanager
def one_place() -> Iterator[None]:
    """One place for the whole block, however many calls it makes. Raises `CrowdedError`."""
    leave = enter()
    token = _crowd.set(None)
    try:
        yield
    finally:
        _crowd.reset(token)
        leave()
