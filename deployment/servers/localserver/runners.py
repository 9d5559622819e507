"""One child process per loaded model: started on demand, ended after its requests, started again when it dies."""

import asyncio
import logging
from contextlib import nullcontext
from typing import Any

import httpx

from deployment.servers.localserver.process import Runner, RunnerError, start_runner
from deployment.servers.localserver.registry import Entry, check_unchanged
from deployment.servers.localserver.turns import Turns

logger = logging.getLogger("touchstone.localserver")
# A child whose connection broke is dead within this time, or it lives and only closed an idle connection.
_DEATH_SECONDS = 2.0


class Runners:
    """Loaded models by tag. `threads` is how many each child may use while it has the turn."""

    def __init__(self, threads: int, turns: Turns | None = None) -> None:
        self.threads = threads
        self.turns = turns or Turns()
        self._runners: dict[str, Runner] = {}
        self._changing: dict[str, asyncio.Lock] = {}

    def loaded(self, tag: str) -> Runner | None:
        """The living runner of a tag, if it is loaded."""
        runner = self._runners.get(tag)
        return runner if runner is not None and runner.alive else None

    def _lock(self, tag: str) -> asyncio.Lock:
        """Held while a tag's child starts or ends, so that no tag ever has two."""
        return self._changing.setdefault(tag, asyncio.Lock())

    async def ready(self, entry: Entry) -> Runner:
        """The runner of an entry, started if it must be. Raises `RunnerError`; `RegistryError` on a changed file."""
        async with self._lock(entry.tag):
            runner = self.loaded(entry.tag)
            if runner is None:
                dead = self._runners.pop(entry.tag, None)
                if dead is not None:
                    # Its requests notice as they get their turn; they come back here.
                    await dead.idle.wait()
                    await dead.end()
                await asyncio.to_thread(check_unchanged, entry)
                self._runners[entry.tag] = runner = await start_runner(entry, self.threads)
            return runner

    async def ask(self, entry: Entry, path: str, body: dict[str, Any], *, computes: bool) -> httpx.Response:
        """Ask a model, in its turn where that `computes`; one that dies on the way is started and asked once more.

        Raises `RunnerError`, `BusyError`.
        """
        for attempt in range(2):
            runner = await self.ready(entry)
            try:
                # Waiting for the turn counts as being at work: an unload lets these requests finish, too.
                async with runner.busy(), self.turns.turn(entry.tag, entry.slots) if computes else nullcontext():
                    if runner.alive:
                        return await runner.http.post(path, json=body)
                    raise httpx.ConnectError("the child ended while the request waited for its turn")
            except httpx.TimeoutException as error:
                raise RunnerError(f"{entry.tag} gave no answer in time: {error!r}") from error
            except httpx.TransportError as error:
                if attempt:
                    raise RunnerError(f"{entry.tag} broke off twice on one request: {error!r}") from error
                await runner.wait_for_end(_DEATH_SECONDS)
        raise AssertionError("unreachable")

    async def unload(self, tag: str) -> bool:
        """End a runner after its requests; later ones wait and get a new one. False where it was not loaded."""
        async with self._lock(tag):
            runner = self._runners.pop(tag, None)
            if runner is None:
                return False
            await runner.idle.wait()
            await runner.end()
        logger.info("%s unloaded", tag)
        return True

    async def close(self) -> None:
        """End all children at once."""
        runners, self._runners = list(self._runners.values()), {}
        await asyncio.gather(*(runner.end() for runner in runners))
