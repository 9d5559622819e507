"""Only one model computes at a time.

llama.cpp's threads spin while they wait for each other: two models that compute at once with all cores each fall to a
fraction of one's speed. With turns every model may use all cores, and the threads at work never exceed them.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# So many requests are admitted in one turn while others wait: enough to keep the slots busy, few enough to be fair.
QUANTUM = 8


class Turns:
    """Admission in turns. All methods belong to one event loop."""

    def __init__(self, quantum: int = QUANTUM) -> None:
        self.quantum = quantum
        self.current: str | None = None
        self.in_flight = 0
        self.admitted = 0
        self._slots: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, tag: str, slots: int) -> AsyncIterator[None]:
        """Wait until `tag` has the turn and a free slot; the block is the request."""
        self._slots[tag] = slots
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tag, deque()).append(place)
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._leave()
            else:
                self._waiting[tag].remove(place)
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
            self.in_flight += 1
            self.admitted += 1
            place.set_result(None)

    def _next(self) -> "asyncio.Future[None] | None":
        """The request to admit now; None while the turn's slots are taken or the turn has to pass first."""
        others = [tag for tag, line in self._waiting.items() if line and tag != self.current]
        mine = self._waiting.get(self.current) if self.current else None
        if mine and not (others and self.admitted >= self.quantum):
            return mine.popleft() if self.in_flight < self._slots[self.current or ""] else None
        if self.in_flight or not (others or mine):
            return None
        self._pass_on(others or [self.current or ""])
        return self._waiting[self.current or ""].popleft()

    def _pass_on(self, others: list[str]) -> None:
        """The turn goes to the model after the present one, in the order in which they first came."""
        order = list(self._waiting)
        start = order.index(self.current) + 1 if self.current in order else 0
        self.current = next(tag for tag in order[start:] + order[:start] if tag in others)
        self.admitted = 0
