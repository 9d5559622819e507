"""One head in onnxruntime, a process of its own: `python -m deployment.servers.localserver.headchild`.

It is to the front what `child` is: it ends when its parent does, prints one JSON line with its address once the model
is loaded, has its key from its environment, and answers what the front asks of llama.cpp.
"""

import argparse
import asyncio
import hmac
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common import jsonbounds
from deployment.servers.localserver.child import KEY_VARIABLE, die_with
from deployment.servers.localserver.head import HeadAnswer, HeadFileError, HeadModel, open_head
from deployment.servers.localserver.requests import GoneError, while_connected

_WATCH_SECONDS = 1.0
_CLIENT_CLOSED = 499
Handler = Callable[[Request], Awaitable[Response]]


class HeadServer:
    """The handlers. A text is short work for one thread, so `threads` of them are answered at once.

    By a language model one after the other: each has all threads, and the memory for attention is taken once.
    """

    def __init__(self, model: HeadModel, key: str, threads: int) -> None:
        self.model, self.key = model, key
        self.pool = ThreadPoolExecutor(1 if model.is_language_model else threads)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = {"/v1/chat/completions": self.chat, "/tokenize": self.tokenize, "/apply-template": self.render}
        return Starlette(routes=[Route(path, self.guarded(each), methods=["POST"]) for path, each in routes.items()])

    def guarded(self, handler: Handler) -> Handler:
        """The key, and errors as JSON."""

        async def call(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self.key}".encode()):
                return _error("The key is missing.", 401)
            try:
                return await handler(request)
            except (ValueError, KeyError, TypeError) as error:
                return _error(f"This cannot be asked: {error!r}", 400)
            except HeadFileError as error:
                return _error(str(error), 500)
            except GoneError:
                return Response(status_code=_CLIENT_CLOSED)

        return call

    async def chat(self, request: Request) -> Response:
        """An answer in OpenAI's form; what only a head can say stands under `head`."""
        body = jsonbounds.loads(await request.body())
        messages = _messages(body)
        found = await while_connected(request, self._answered(messages))
        said = {
            "confidence": found.confidence,
            "probabilities": {name: round(each, 6) for name, each in found.probabilities.items()},
            "cut": found.is_cut,
            "unknown": found.is_unknown,
            "limit": self.model.told.encoder.limit,
            "framed": self.model.is_language_model,
        }
        choice = {"index": 0, "message": {"role": "assistant", "content": found.text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": found.tokens, "completion_tokens": 0, "total_tokens": found.tokens}
        named = {"object": "chat.completion", "created": int(time.time()), "model": body.get("model", "")}
        return JSONResponse({**named, "choices": [choice], "usage": usage, "head": said})

    async def _answered(self, messages: list[dict[str, str]]) -> HeadAnswer:
        """Cancelled before a thread took it, it is never computed."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, self.model.answer, messages)

    async def tokenize(self, request: Request) -> Response:
        """The tokens of a text as the weights get them."""
        body = jsonbounds.loads(await request.body())
        return JSONResponse({"tokens": list(self.model.reader.ids(str(body["content"])))})

    async def render(self, request: Request) -> Response:
        """What of the messages is read."""
        return JSONResponse({"prompt": self.model.reader.written(_messages(jsonbounds.loads(await request.body())))})


def _messages(body: Any) -> list[dict[str, str]]:
    return [{"role": str(each["role"]), "content": str(each["content"])} for each in body["messages"]]


def _error(message: str, status: int) -> JSONResponse:
    return JSONResponse({"error": {"message": message}}, status_code=status)


def main() -> int:
    """Serve until the parent goes or SIGTERM comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--parent", type=int, default=os.getppid(), help="process id of the front")
    options = parser.parse_args()
    die_with(options.parent)
    # Ctrl-C in a terminal reaches the whole group; the front decides, after the requests in flight.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        model = open_head(options.file, options.threads)
    except HeadFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1

    # The protocol is named, so that asyncio sends at once (TCP_NODELAY): else the body of an answer waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        threading.Thread(target=_end_with, args=(options.parent,), daemon=True).start()
        app = HeadServer(model, os.environ[KEY_VARIABLE], options.threads).app()
        server = _Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_keep_alive=5))
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}"}) + "\n")
        sys.stdout.flush()
        server.run(sockets=[listening])
    return 0


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, but SIGINT stays the front's business."""
        with super().capture_signals():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            yield


def _end_with(parent: int) -> None:
    """Where the kernel does not end it with its parent."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)  # between two looks
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
