"""A model's child process: its start, its end, and what it says when it dies."""

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx

from common import jsonbounds
from common.environment import child_environment
from deployment.servers.localserver.child import KEY_VARIABLE
from deployment.servers.localserver.registry import ONNX, Entry

logger = logging.getLogger("touchstone.localserver")
START_SECONDS = 300.0
STOP_SECONDS = 5.0
REQUEST_SECONDS = 600.0
# llama.cpp closes an idle connection after five seconds; a client that lets go earlier never meets a closed one.
_IDLE_SECONDS = 2.0
_KEPT_BYTES = 4000
# llama.cpp's threads spin at every barrier. Where anything else wants a core they spin for the one that has none, and
# speed falls to a tenth or less (`benchmarks/localserver`). OpenMP reads this as the library is loaded.
_THREADS_SLEEP = {"OMP_WAIT_POLICY": "passive"}


class RunnerError(Exception):
    """A model could not be started, or died twice on one request."""


class UnloadableError(RunnerError):
    """What runs models would not have this one's file, and said so."""


class Runner:
    """A running child: its process, its HTTP client, and the requests that it is working on."""

    def __init__(self, entry: Entry, process: asyncio.subprocess.Process, http: httpx.AsyncClient) -> None:
        self.entry, self.process, self.http = entry, process, http
        self.requests = 0
        self.in_flight = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self._ending = False
        self._watch = asyncio.create_task(self._watch_over())

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

    async def wait_for_end(self, seconds: float) -> None:
        """Return once the process has ended, or after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), seconds)

    async def end(self) -> None:
        """End the process, if it runs, and let go of its connections."""
        self._ending = True
        await self.http.aclose()
        if self.alive:
            self.process.terminate()
            await self.wait_for_end(STOP_SECONDS)
        if self.alive:
            self.process.kill()
        await self._watch

    async def _watch_over(self) -> None:
        """Read what the child writes, or it stops when the pipe is full; say so where it ends unasked."""
        words, _ = await asyncio.gather(_tail(self.process.stderr), _tail(self.process.stdout))
        code = await self.process.wait()
        if not self._ending:
            logger.error("%s crashed (code %s)%s", self.entry.tag, code, f": {words}" if words else "")


async def start_runner(entry: Entry, threads: int) -> Runner:
    """Start a child and wait until its model is loaded. Raises `RunnerError` with the child's own last words."""
    key = secrets.token_urlsafe(24)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *_child(entry), "--threads", str(threads), "--parent", str(os.getpid())),
        env={**_THREADS_SLEEP, **child_environment(), KEY_VARIABLE: key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = ""
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        url = jsonbounds.loads(line)["url"]
    except (TimeoutError, ValueError) as error:
        words = await _last_words(process)
        # A child that was killed, by us or for its memory, says nothing about the file.
        kind = UnloadableError if (process.returncode or -1) > 0 else RunnerError
        raise kind(f"{entry.tag} could not be loaded: {words}") from error
    finally:
        if not url and process.returncode is None:  # also where the start itself is cancelled
            process.kill()
    logger.info("%s loaded (%.0f MB, pid %s)", entry.tag, entry.size / 1e6, process.pid)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=entry.slots, keepalive_expiry=_IDLE_SECONDS)
    headers = {"Authorization": f"Bearer {key}"}
    http = httpx.AsyncClient(base_url=url, headers=headers, timeout=REQUEST_SECONDS, limits=limits, trust_env=False)
    return Runner(entry, process, http)


def _child(entry: Entry) -> list[str]:
    """The module that runs the model's file, and its options."""
    if entry.format == ONNX:
        return ["deployment.servers.localserver.headchild", "--file", entry.path]
    options = ["--context", str(entry.context), "--slots", str(entry.slots)]
    return ["deployment.servers.localserver.child", "--gguf", entry.path, *options]


async def _last_words(process: asyncio.subprocess.Process) -> str:
    with suppress(TimeoutError):
        # A child that closed its output is about to end by itself; what it says then is better than "killed".
        await asyncio.wait_for(asyncio.shield(process.wait()), STOP_SECONDS)
    if process.returncode is None:
        process.kill()
    return await _tail(process.stderr) or f"it ended with code {await process.wait()}"


async def _tail(stream: asyncio.StreamReader | None) -> str:
    """Read to the end; the last line."""
    kept = b""
    while stream is not None and (block := await stream.read(1 << 16)):
        kept = (kept + block)[-_KEPT_BYTES:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
