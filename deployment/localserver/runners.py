"""One child process per loaded model: started on demand, ended after its requests, started again when it dies."""

import asyncio
import json
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from deployment.localserver.child import KEY_VARIABLE
from deployment.localserver.registry import Entry

logger = logging.getLogger("touchstone.localserver")
START_SECONDS = 300.0
STOP_SECONDS = 10.0
REQUEST_SECONDS = 600.0


class RunnerError(Exception):
    """A model could not be started, or died twice on one request."""


@dataclass
class Runner:
    """A running child: its process, its HTTP client, and the requests that it is working on."""

    entry: Entry
    process: asyncio.subprocess.Process
    http: httpx.AsyncClient
    requests: int = 0
    in_flight: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """A request at work: the child is not ended before it is done."""
        self.in_flight += 1
        self.requests += 1
        self.idle.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self.idle.set()


class Runners:
    """Loaded models by tag. `threads` is how many each child may use while it has the turn."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._runners: dict[str, Runner] = {}
        self._starting: dict[str, asyncio.Lock] = {}

    def loaded(self, tag: str) -> Runner | None:
        """The living runner of a tag, if it is loaded."""
        runner = self._runners.get(tag)
        return runner if runner is not None and runner.alive else None

    async def ready(self, entry: Entry) -> Runner:
        """The runner of an entry, started if it must be. Raises `RunnerError`."""
        async with self._starting.setdefault(entry.tag, asyncio.Lock()):
            runner = self.loaded(entry.tag)
            if runner is not None:
                return runner
            dead = self._runners.pop(entry.tag, None)
            if dead is not None:
                logger.warning("%s died with code %s; starting it again", entry.tag, dead.process.returncode)
                await dead.http.aclose()
            self._runners[entry.tag] = runner = await self._start(entry)
            return runner

    async def _start(self, entry: Entry) -> Runner:
        key = secrets.token_urlsafe(24)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deployment.localserver.child", "--gguf", entry.path),
            *("--context", str(entry.context), "--slots", str(entry.slots), "--threads", str(self.threads)),
            env={**os.environ, KEY_VARIABLE: key},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
            url = json.loads(line)["url"]
        except (TimeoutError, ValueError) as error:
            raise RunnerError(f"{entry.tag} could not be loaded: {await _last_words(process)}") from error
        _drain(process)
        logger.info("%s loaded (%.0f MB, pid %s)", entry.tag, entry.size / 1e6, process.pid)
        headers = {"Authorization": f"Bearer {key}"}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=entry.slots)
        return Runner(
            entry, process, httpx.AsyncClient(base_url=url, headers=headers, timeout=REQUEST_SECONDS, limits=limits)
        )

    async def post(self, entry: Entry, path: str, body: dict[str, Any]) -> httpx.Response:
        """Ask a model; one that dies on the way is started again and asked once more. Raises `RunnerError`."""
        for attempt in range(2):
            runner = await self.ready(entry)
            try:
                async with runner.busy():
                    return await runner.http.post(path, json=body)
            except httpx.TransportError as error:
                if attempt:
                    raise RunnerError(f"{entry.tag} died twice on one request: {error!r}") from error
                await _ended(runner.process)
        raise AssertionError("unreachable")

    async def unload(self, tag: str) -> bool:
        """End a runner after its requests in flight; new requests get a new one. False where it was not loaded."""
        runner = self._runners.pop(tag, None)
        if runner is None:
            return False
        if runner.in_flight:
            await runner.idle.wait()
        await _end(runner)
        logger.info("%s unloaded", tag)
        return True

    async def close(self) -> None:
        """End all children at once."""
        runners, self._runners = list(self._runners.values()), {}
        await asyncio.gather(*map(_end, runners))


async def _end(runner: Runner) -> None:
    await runner.http.aclose()
    if runner.alive:
        runner.process.terminate()
        await _ended(runner.process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for a child to end; one that does not is killed."""
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _last_words(process: asyncio.subprocess.Process) -> str:
    if process.returncode is None:
        process.kill()
    _, errors = await process.communicate()
    lines = errors.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with code {process.returncode}"


_drains: set[asyncio.Task[None]] = set()


def _drain(process: asyncio.subprocess.Process) -> None:
    """Read what a child writes to its error output, or it stops when the pipe is full."""

    async def read() -> None:
        assert process.stderr is not None
        while await process.stderr.read(1 << 16):
            pass

    task = asyncio.create_task(read())
    _drains.add(task)
    task.add_done_callback(_drains.discard)
