"""What a request may say, checked before anything is asked of a model."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from common import jsonbounds

T = TypeVar("T")
MAX_TOKENS = 256
MAX_BODY = 16_000_000
_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "typical_p", "seed")
_PENALTIES = ("repeat_last_n", "repeat_penalty", "frequency_penalty", "presence_penalty")
_SHAPE = ("max_tokens", "stop", "response_format", "json_schema", "logprobs", "top_logprobs")
_ASKED = ("model", "messages", "stream", "cache_prompt", "chat_template_kwargs")
_CHAT_FIELDS = frozenset((*_ASKED, *_SAMPLING, *_PENALTIES, *_SHAPE))


class RequestError(Exception):
    """The request is not as it should be; the message says what to change."""


class GoneError(Exception):
    """The client went away; nobody waits for the answer."""


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises `RequestError`, on a body that is too long before the rest of it is read."""
    raw = bytearray()
    async for block in request.stream():
        raw += block
        if len(raw) > MAX_BODY:
            raise RequestError(f"The body is longer than {MAX_BODY} bytes.")
    try:
        body = jsonbounds.loads(bytes(raw))
    except ValueError as error:
        raise RequestError(f"The body is no JSON that can be read: {error}") from error
    if not isinstance(body, dict):
        raise RequestError("The body must be a JSON object.")
    return body


def text(body: dict[str, Any], name: str) -> str:
    """A field that must be a text with something in it. Raises `RequestError`."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError(f"{name!r} must be a text.")
    return value


def one_of(body: dict[str, Any], name: str, known: Sequence[str]) -> str:
    """A field that is one of these words, the first where it is left out. Raises `RequestError`."""
    value = body.get(name, known[0])
    if value not in known:
        raise RequestError(f"{name!r} must be one of {', '.join(known)}, not {value!r}.")
    return str(value)


def count(body: dict[str, Any], name: str, default: int) -> int:
    """A field that is a positive whole number, or the default. Raises `RequestError`."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise RequestError(f"{name!r} must be a positive whole number, not {value!r}.")
    return value


def chat_body(body: dict[str, Any]) -> dict[str, Any]:
    """What llama.cpp is asked for a chat request. Raises `RequestError`, also on fields that it would drop silently."""
    unknown = sorted(set(body) - _CHAT_FIELDS)
    if unknown:
        raise RequestError(f"Unknown fields: {', '.join(unknown)}. Known are {', '.join(sorted(_CHAT_FIELDS))}.")
    if body.get("stream"):
        raise RequestError("This server does not stream; leave 'stream' out.")
    if not isinstance(body.get("messages"), list):
        raise RequestError("'messages' must be a list.")
    # Always a limit: a model that misses its end mark otherwise runs to the end of its context.
    asked = body | {"max_tokens": count(body, "max_tokens", MAX_TOKENS)}
    if asked.get("logprobs") and asked.get("top_logprobs") is None:
        # Left out, llama.cpp adds the twenty next tokens to every token.
        asked["top_logprobs"] = 1
    return asked


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; it is cancelled where the client goes away first, and `GoneError` raised."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise GoneError
        return task.result()
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
