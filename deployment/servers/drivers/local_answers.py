"""What the local server answers, read: what a head says beside its text, and what an error stands for."""

from typing import Any

import httpx

from common import jsonbounds
from common.text import storable
from deployment.servers.drivers.errors import (
    DriverError,
    ModelBrokenError,
    NotThereError,
    PromptTooLongError,
    RefusedError,
    TransportError,
)
from deployment.servers.drivers.said import HeadSaid
from deployment.servers.drivers.strangers import stranger
from deployment.servers.localserver.registry import MODEL_BROKEN

TITLE = "a local model server of Touchstone"


def head_of(said: dict[str, Any]) -> HeadSaid:
    """What only a head can say."""
    return HeadSaid(
        confidence=float(said["confidence"]),
        probabilities={storable(name): float(each) for name, each in said["probabilities"].items()},
        cut=bool(said["cut"]),
        unknown=bool(said["unknown"]),
        limit=int(said["limit"]),
        framed=bool(said.get("framed", False)),
    )


def refusal(response: httpx.Response) -> DriverError:
    """The error that a 4xx or 5xx stands for."""
    try:
        body = jsonbounds.loads(response.content)
        error = body.get("error", body) if isinstance(body, dict) else body
    except ValueError:
        error = response.text
    foreign = stranger("local model server", response.status_code, response.text, TITLE)
    if foreign is not None and not isinstance(error, dict):
        return foreign
    if isinstance(error, dict) and error.get("type") == "exceed_context_size_error":
        return PromptTooLongError(error["n_prompt_tokens"], error["n_ctx"])
    message = str(error.get("message", error) if isinstance(error, dict) else error)[:500]
    if isinstance(error, dict) and error.get("type") == MODEL_BROKEN:
        return ModelBrokenError(message)
    if response.status_code == httpx.codes.NOT_FOUND:
        return NotThereError(message)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return RefusedError(f"401: {message} The server's row names the environment variable that holds it.")
    kind = TransportError if response.status_code >= 500 else RefusedError
    return kind(f"{response.status_code}: {message}")
