"""`/v1`: the same answers in OpenAI's form."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from tests.ollama_standin.answers import Said
from tests.ollama_standin.errors import HTTPError
from tests.ollama_standin.shapes import logprobs

_numbers = itertools.count(100)
_KINDS = {404: "not_found_error", 400: "invalid_request_error"}


def asked(body: dict[str, Any]) -> dict[str, Any]:
    """The request in Ollama's own form."""
    options = {key: body[key] for key in ("temperature", "seed", "stop") if key in body}
    if body.get("max_tokens"):
        options["num_predict"] = body["max_tokens"]
    form = body.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema") or ("json" if form.get("type") == "json_object" else None)
    return {"model": body["model"], "messages": body["messages"], "options": options, "format": schema}


def error(found: HTTPError) -> dict[str, Any]:
    kind = _KINDS.get(found.status, "api_error")
    return {"error": {"message": str(found), "type": kind, "param": None, "code": None}}


def whole(body: dict[str, Any], said: Said) -> dict[str, Any]:
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": said.text},
        "finish_reason": said.reason,
    }
    if body.get("logprobs"):
        choice["logprobs"] = {"content": logprobs(said, body.get("top_logprobs", 0))}
    return {**_head(body, "chat.completion"), "choices": [choice], "usage": _usage(said)}


def events(body: dict[str, Any], said: Said) -> Iterator[str]:
    """The lines of a streamed answer."""
    head = _head(body, "chat.completion.chunk")

    def chunk(delta: dict[str, str], reason: str | None) -> str:
        return _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    for index, (token, _) in enumerate(said.tokens):
        yield chunk({"content": token} if index else {"role": "assistant", "content": token}, None)
    yield chunk({}, said.reason)
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _event({**head, "choices": [], "usage": _usage(said)})
    yield "data: [DONE]\n\n"


def _event(found: dict[str, Any]) -> str:
    return f"data: {json.dumps(found)}\n\n"


def _head(body: dict[str, Any], kind: str) -> dict[str, Any]:
    head = {"id": f"chatcmpl-{next(_numbers)}", "object": kind, "created": int(time.time())}
    return {**head, "model": body["model"], "system_fingerprint": "fp_ollama"}


def _usage(said: Said) -> dict[str, int]:
    counts = said.prompt_tokens, said.count
    return {"prompt_tokens": counts[0], "completion_tokens": counts[1], "total_tokens": sum(counts)}


def models(names: list[str]) -> dict[str, Any]:
    rows = [{"id": name, "object": "model", "created": int(time.time()), "owned_by": "library"} for name in names]
    return {"object": "list", "data": rows}
