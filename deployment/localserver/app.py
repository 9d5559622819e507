"""The front's HTTP API. Every call but `/livez` needs `Authorization: Bearer <key>`.

GET    /version                 name, version, llama.cpp build
GET    /models                  the models, loaded or not
POST   /models                  create {tag, path, sha256, context, slots}
DELETE /models?tag=...          forget a tag
POST   /models/load             {tag}: in memory when it answers
POST   /models/unload           {tag}: after the requests in flight
POST   /v1/chat/completions     OpenAI's form; `model` is the tag, loaded on demand
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

from deployment.localserver.registry import Entry, Registry, RegistryError
from deployment.localserver.runners import RunnerError, Runners
from deployment.localserver.turns import Turns

logger = logging.getLogger("touchstone.localserver")
MAX_TOKENS = 256
Handler = Callable[[Request], Awaitable[Response]]


class Front:
    """The server's state and its handlers."""

    def __init__(self, folder: Path, key: str, threads: int) -> None:
        self.key = key
        self.registry = Registry(folder)
        self.runners = Runners(threads)
        self.turns = Turns()
        self.last_used: dict[str, float] = {}
        self._creating = asyncio.Lock()

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
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode(), self.key.encode()):
                return _error("Send the server's key as 'Authorization: Bearer <key>'.", 401)
            try:
                return await handler(request)
            except RegistryError as error:
                return _error(str(error), error.status)
            except RunnerError as error:
                logger.error("%s", error)
                return _error(str(error), 503)
            except (KeyError, TypeError, ValueError) as error:
                return _error(f"The request is not as it should be: {error!r}", 400)

        return call

    async def version(self, request: Request) -> Response:
        return JSONResponse(
            {"name": "touchstone-local", "version": "1", "llama_cpp": f"xllamacpp {installed('xllamacpp')}"}
        )

    async def models(self, request: Request) -> Response:
        return JSONResponse({"models": [self._row(entry) for entry in self.registry.all()]})

    def _row(self, entry: Entry) -> dict[str, Any]:
        runner = self.runners.loaded(entry.tag)
        return {
            "tag": entry.tag,
            "sha256": entry.sha256,
            "size": entry.size,
            "context": entry.context,
            "slots": entry.slots,
            "created_at": entry.created_at,
            "loaded": runner is not None,
            "threads": self.runners.threads if runner else 0,
            "requests": runner.requests if runner else 0,
            "in_flight": runner.in_flight if runner else 0,
            "last_used": self.last_used.get(entry.tag),
        }

    async def create(self, request: Request) -> Response:
        body = await request.json()
        context, slots = int(body.get("context", 2048)), int(body.get("slots", 4))
        if context < 1 or slots < 1:
            raise ValueError("context and slots must be positive")
        async with self._creating:
            entry, new = await asyncio.to_thread(
                self.registry.add, str(body["tag"]), Path(body["path"]), str(body["sha256"]), context, slots
            )
        if new:
            logger.info("%s created from %s", entry.tag, entry.path)
        return JSONResponse(self._row(entry), status_code=201 if new else 200)

    async def remove(self, request: Request) -> Response:
        tag = request.query_params["tag"]
        self.registry.remove(tag)
        await self.runners.unload(tag)
        logger.info("%s removed", tag)
        return JSONResponse({"tag": tag})

    async def load(self, request: Request) -> Response:
        entry = self.registry.get((await request.json())["tag"])
        await self.runners.ready(entry)
        return JSONResponse(self._row(entry))

    async def unload(self, request: Request) -> Response:
        entry = self.registry.get((await request.json())["tag"])
        await self.runners.unload(entry.tag)
        return JSONResponse(self._row(entry))

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        entry = self.registry.get(body["model"])
        if body.get("stream"):
            raise ValueError("this server does not stream; leave `stream` out")
        # Always a limit: a model that misses its end mark otherwise runs to the end of its context.
        body["max_tokens"] = int(body.get("max_tokens") or MAX_TOKENS)
        await self.runners.ready(entry)
        async with self.turns.turn(entry.tag, entry.slots):
            answer = await self.runners.post(entry, "/v1/chat/completions", body)
        self.last_used[entry.tag] = time.time()
        return Response(answer.content, answer.status_code, media_type="application/json")

    def passed_on(self, path: str) -> Handler:
        """A handler that only asks the model's child: no computing, so no turn."""

        async def call(request: Request) -> Response:
            body = await request.json()
            answer = await self.runners.post(self.registry.get(body.pop("model")), path, body)
            return Response(answer.content, answer.status_code, media_type="application/json")

        return call


def _error(message: str, status: int) -> JSONResponse:
    return JSONResponse({"error": {"message": message}}, status_code=status)
