"""Models in memory. A runner belongs to a blob, not to a name: names that share one share its runner."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.ollama_standin.answers import Mind
from tests.ollama_standin.clock import FOR_EVER, now, seconds
from tests.ollama_standin.errors import HTTPError
from tests.ollama_standin.names import full
from tests.ollama_standin.store import Model, Store

_INTEGERS = {"num_ctx", "num_predict", "num_thread", "seed", "top_k"}
# What a runner is started with: a request that asks otherwise has it started again.
_STARTED_WITH = ("num_ctx", "num_thread")
DEFAULT_CONTEXT = 2048


@dataclass
class Runner:
    """A loaded blob, under the name by which it was loaded first."""

    name: str
    model: Model
    started_with: tuple[Any, ...]
    context: int
    expires: float
    used: float = 0
    in_flight: int = 0

    def row(self) -> dict[str, Any]:
        """Its row of `/api/ps`."""
        return {
            "name": self.name,
            "model": self.name,
            "size": self.model.size * 4 + self.context * 2000,
            "digest": self.model.digest,
            "details": self.model.facts.details(self.model.parent, self.model.quantization),
            "expires_at": FOR_EVER if self.expires == float("inf") else now(self.expires - time.monotonic()),
            "size_vram": 0,
            "context_length": self.context,
        }


class Runners:
    """All of them; at most `most` at once, the longest unused one goes first. Loading takes time by size."""

    def __init__(self, store: Store, mind: Mind, most: int, seconds_per_megabyte: float) -> None:
        self.store, self.mind, self.most, self.pace = store, mind, most, seconds_per_megabyte
        self._loaded: dict[str, Runner] = {}
        self._loading: set[str] = set()
        self._changed = threading.Condition(threading.Lock())

    def rows(self) -> list[dict[str, Any]]:
        with self._changed:
            self._expire()
            return [runner.row() for runner in self._loaded.values()]

    @contextmanager
    def use(self, name: str, options: dict[str, Any], keep_alive: Any = None) -> Iterator[Model]:
        """The model of a name, loaded, and in use until the block ends."""
        model = self.store.model(name)
        merged = {**model.parameters, **options}
        for parameter, value in merged.items():
            if parameter in _INTEGERS and not isinstance(value, int):
                raise HTTPError(500, f'option "{parameter}" must be of type integer')
        lasts = seconds(keep_alive)
        with self._changed:
            runner = self._ready(name, model, merged)
            runner.in_flight += 1
            runner.expires = float("inf") if lasts < 0 else time.monotonic() + lasts
        try:
            yield model
        finally:
            with self._changed:
                runner.in_flight -= 1
                runner.used = time.monotonic()
                self._changed.notify_all()

    def _ready(self, name: str, model: Model, options: dict[str, Any]) -> Runner:
        started_with = (model.layers.get("adapter"), *(options.get(key) for key in _STARTED_WITH))
        while True:
            self._expire()
            found = self._loaded.get(model.blob)
            if found and found.started_with == started_with:
                return found
            leaving = found or self._to_evict()
            if model.blob in self._loading or (leaving and leaving.in_flight):
                self._changed.wait()
            elif leaving:
                self._end(leaving)
            else:
                break
        context = options.get("num_ctx", DEFAULT_CONTEXT)
        self._load(model, context, options.get("num_thread", 1))
        runner = Runner(full(name), model, started_with, context, expires=time.monotonic() + 300)
        self._loaded[model.blob] = runner
        return runner

    def _to_evict(self) -> Runner | None:
        if not self._loaded or len(self._loaded) + len(self._loading) < self.most:
            return None
        return min(self._loaded.values(), key=_unused)

    def _load(self, model: Model, context: int, threads: int) -> None:
        """Other models answer meanwhile."""
        self._loading.add(model.blob)
        self._changed.release()
        try:
            time.sleep(model.size / 1e6 * self.pace)
            self.mind.load(model, self.store.blob(model.blob), context, threads)
        finally:
            self._changed.acquire()
            self._loading.discard(model.blob)
            self._changed.notify_all()

    def unload(self, name: str) -> None:
        """End the runner of a name's blob after its requests: every name that shares it loses it."""
        blob = self.store.model(name).blob
        with self._changed:
            while (runner := self._loaded.get(blob)) and runner.in_flight:
                self._changed.wait()
            if runner:
                self._end(runner)

    def _end(self, runner: Runner) -> None:
        del self._loaded[runner.model.blob]
        self.mind.unload(runner.model)

    def _expire(self) -> None:
        for runner in list(self._loaded.values()):
            if runner.expires < time.monotonic() and not runner.in_flight:
                self._end(runner)


def _unused(runner: Runner) -> tuple[bool, float]:
    return runner.in_flight > 0, runner.used
