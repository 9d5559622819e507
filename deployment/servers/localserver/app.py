"""The front's HTTP API. Every call but `/livez` needs `Authorization: Bearer <key>`.

GET    /version                 name, version, llama.cpp build; the tags whose file is gone or not whole
GET    /models                  the models, loaded or not, and the machine's memory
POST   /models                  create {tag, path, sha256, context, slots, format}; the path is below --artifacts
DELETE /models?tag=...          forget a tag
POST   /models/load             {tag}: in memory when it answers
POST   /models/unload           {tag}: after the requests in flight
POST   /v1/chat/completions     OpenAI's form; `model` is the tag, loaded on demand; a head adds `head`: its confidence,
                                each label's probability, whether the text was cut
POST   /tokenize                {model, content, add_special, parse_special}
POST   /apply-template          {model, messages}
"""

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deployment.servers.localserver.memory import machine_memory, resident
from deployment.servers.localserver.process import RunnerError, UnloadableError
from deployment.servers.localserver.registry import FORMATS, MODEL_BROKEN, Entry, Registry, RegistryError, is_whole
from deployment.servers.localserver.requests import (
    GoneError,
    RequestError,
    body_of,
    chat_body,
    count,
    one_of,
    text,
    while_connected,
)
from deployment.servers.localserver.runners import Runners
from deployment.servers.localserver.turns import BusyError

logger = logging.getLogger("touchstone.localserver")
_CLIENT_CLOSED = 499
Handler = Callable[[Request], Awaitable[Response]]


class Front:
    """The server's state and its handlers."""

    def __init__(self, folder: Path, root: Path, key: str, threads: int) -> None:
        self.key = key
        self.registry = Registry(folder, root)
        self.runners = Runners(threads)
        self.last_used: dict[str, float] = {}

    def app(self) -> Starlette:
        """The ASGI application."""
        routes: list[tuple[str, str, Handler]] = [
            ("/version", "GET", self.version),
            ("/models", "GET", self.models),
            ("/models", "POST", self.create),
            ("/models", "DELETE", self.remove),
            ("/models/load", "POST", self.load),
            ("/models/unload", "POST", self.unload),
            ("/v1/chat/completions", "POST", self.chat),
            ("/tokenize", "POST", self.passed_on("/tokenize")),
            ("/apply-template", "POST", self.passed_on("/apply-template")),
        ]
        return Starlette(
            routes=[
                Route("/livez", lambda request: JSONResponse({"status": "ok"})),
                *(Route(path, self.guarded(handler), methods=[method]) for path, method, handler in routes),
            ],
            lifespan=self.lifespan,
        )

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        await self.runners.close()

    def guarded(self, handler: Handler) -> Handler:
        """The key, and errors as JSON with their status."""

        async def call(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self.key}".encode()):
                return _error("Send the server's key as 'Authorization: Bearer <key>'.", 401)
            try:
                return await handler(request)
            except RegistryError as error:
                return _error(str(error), error.status, error.kind)
            except RequestError as error:
                return _error(str(error), 400)
            except UnloadableError as error:
                logger.error("%s", error)
                return _error(str(error), 503, MODEL_BROKEN)
            except (RunnerError, BusyError) as error:
                logger.error("%s", error)
                return _error(str(error), 503)
            except GoneError:
                return Response(status_code=_CLIENT_CLOSED)

        return call

    async def version(self, request: Request) -> Response:
        """Who it is, and the tags that it could not load now."""
        known = {"name": "touchstone-local", "version": "1", "llama_cpp": f"xllamacpp {installed('xllamacpp')}"}
        known["onnxruntime"] = installed("onnxruntime")
        return JSONResponse({**known, "broken": await asyncio.to_thread(self._broken)})

    def _broken(self) -> list[str]:
        return [entry.tag for entry in self.registry.all() if not is_whole(entry)]

    async def models(self, request: Request) -> Response:
        total, free = machine_memory()
        rows = [self._row(entry) for entry in self.registry.all()]
        return JSONResponse({"models": rows, "memory_bytes": total, "free_bytes": free})

    def _row(self, entry: Entry) -> dict[str, Any]:
        runner = self.runners.loaded(entry.tag)
        return {
            "tag": entry.tag,
            "sha256": entry.sha256,
            "size": entry.size,
            "family": entry.family,
            "quantization": entry.quantization,
            "format": entry.format,
            "context": entry.context,
            "slots": entry.slots,
            "created_at": entry.created_at,
            "loaded": runner is not None,
            "memory": resident(runner.process.pid, entry.size) if runner else 0,
            "threads": self.runners.threads if runner else 0,
            "requests": runner.requests if runner else 0,
            "in_flight": runner.in_flight if runner else 0,
            "last_used": self.last_used.get(entry.tag),
        }

    async def create(self, request: Request) -> Response:
        body = await body_of(request)
        tag, name, sha256 = text(body, "tag"), text(body, "path"), text(body, "sha256")
        context, slots = count(body, "context", 2048), count(body, "slots", 4)
        format = one_of(body, "format", FORMATS)
        entry, new = await asyncio.to_thread(self.registry.add, tag, name, sha256, context, slots, format)
        if new:
            logger.info("%s created from %s", entry.tag, entry.path)
        return JSONResponse(self._row(entry), status_code=201 if new else 200)

    async def remove(self, request: Request) -> Response:
        tag = request.query_params.get("tag", "")
        await asyncio.to_thread(self.registry.remove, tag)
        await self.runners.unload(tag)
        logger.info("%s removed", tag)
        return JSONResponse({"tag": tag})

    async def load(self, request: Request) -> Response:
        entry = self.registry.get(text(await body_of(request), "tag"))
        await self.runners.ready(entry)
        return JSONResponse(self._row(entry))

    async def unload(self, request: Request) -> Response:
        entry = self.registry.get(text(await body_of(request), "tag"))
        await self.runners.unload(entry.tag)
        return JSONResponse(self._row(entry))

    async def chat(self, request: Request) -> Response:
        body = await body_of(request)
        entry = self.registry.get(text(body, "model"))
        asked = chat_body(body)
        await self.runners.ready(entry)
        work = self.runners.ask(entry, "/v1/chat/completions", asked, computes=True)
        answer = await while_connected(request, work)
        self.last_used[entry.tag] = time.time()
        return Response(answer.content, answer.status_code, media_type="application/json")

    def passed_on(self, path: str) -> Handler:
        """A handler that only asks the model's child: no computing, so no turn."""

        async def call(request: Request) -> Response:
            body = await body_of(request)
            entry = self.registry.get(text(body, "model"))
            answer = await self.runners.ask(entry, path, body, computes=False)
            return Response(answer.content, answer.status_code, media_type="application/json")

        return call


def _error(message: str, status: int, kind: str = "") -> JSONResponse:
    return JSONResponse({"error": {"message": message, **({"type": kind} if kind else {})}}, status_code=status)
