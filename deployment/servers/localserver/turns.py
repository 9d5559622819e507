"""Only one model computes at a time.

Two models that compute at once with all cores each take the cores from each other; llama.cpp's threads wait for each
other many times per token, so both fall behind (`benchmarks/localserver`). With turns every model may use all cores,
and the threads at work never exceed them.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# While others wait, a turn admits so many requests, for so long: enough to keep the slots busy, little enough to be
# fair. What was admitted finishes, so the longest wait is one answer of each other model.
QUANTUM = 8
QUANTUM_SECONDS = 0.25
MAX_WAITING = 512


class BusyError(Exception):
    """Too many requests wait for one model."""


class Turns:
    """Admission in turns. All methods belong to one event loop."""

    def __init__(self, quantum: int = QUANTUM, seconds: float = QUANTUM_SECONDS) -> None:
        self.quantum, self.seconds = quantum, seconds
        self.current: str | None = None
        self.in_flight = 0
        self.admitted = 0
        self._began = 0.0
        self._slots: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, tag: str, slots: int) -> AsyncIterator[None]:
        """Wait until `tag` has the turn and a free slot; the block is the request. Raises `BusyError`."""
        line = self._waiting.setdefault(tag, deque())
        if len(line) >= MAX_WAITING:
            raise BusyError(f"{len(line)} requests wait for {tag} already; try again later.")
        self._slots[tag] = slots
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(place)
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._leave()
            elif place in line:
                line.remove(place)
            raise
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self.in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        while place := self._next():
            if place.done():  # its client went away a moment ago
                continue
            self.in_flight += 1
            self.admitted += 1
            place.set_result(None)

    def _next(self) -> "asyncio.Future[None] | None":
        """The request to admit now; None while the turn's slots are taken or the turn has to pass first."""
        others = [tag for tag, line in self._waiting.items() if line and tag != self.current]
        mine = self._waiting.get(self.current) if self.current else None
        if mine and not (others and self._is_over()):
            return mine.popleft() if self.in_flight < self._slots[self.current or ""] else None
        if self.in_flight or not (others or mine):
            return None
        self._pass_on(others or [self.current or ""])
        return self._waiting[self.current or ""].popleft()

    def _is_over(self) -> bool:
        now = asyncio.get_running_loop().time()
        return self.admitted >= self.quantum or now - self._began >= self.seconds

    def _pass_on(self, others: list[str]) -> None:
        """The turn goes to the model after the present one, in the order in which they first came."""
        order = list(self._waiting)
        start = order.index(self.current) + 1 if self.current in order else 0
        self.current = next(tag for tag in order[start:] + order[:start] if tag in others)
        self.admitted, self._began = 0, asyncio.get_running_loop().time()
