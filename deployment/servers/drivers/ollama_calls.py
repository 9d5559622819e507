"""What Ollama's answers mean for us: errors with what to do, and which releases we serve from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import httpx
import ollama
from packaging.version import InvalidVersion, Version

from common import jsonbounds
from deployment.servers.drivers.errors import (
    NotThereError,
    PromptTooLongError,
    RefusedError,
    SlowError,
    TransportError,
    UnreadableError,
)
from deployment.servers.drivers.said import ServerInfo
from deployment.servers.drivers.strangers import not_ours, stranger

TITLE = "an Ollama"
# Before 0.30 a GGUF's own chat template is not used (of 63 real ones none was rendered as in training), and 0.30.0
# counts a prompt without what was cached of it, so that no count can be proven.
OLDEST = Version("0.30.1")
_WHY_OLDEST = (
    "releases before 0.30 do not use a model's own chat template, so it gets another prompt than in training, and "
    "0.30.0 counts a prompt's tokens wrongly"
)
# 0.34.1 refuses LoRA adapters; 0.34.0 was not seen, so it is not trusted with them.
_NO_ADAPTERS = (0, 34)
# What Ollama itself says of a prompt over the context, where it does not leave that to llama.cpp: no counts.
_TOO_LONG = "longer than the context length"
_EMPTY_MANIFEST = "EOF"
_HOST_CHECK = (
    "it refuses the Host header (or a proxy before it refuses us): use its own address or IP in the server's URL, let "
    "the reverse proxy rewrite Host to localhost, or set OLLAMA_HOST and OLLAMA_ORIGINS there"
)


def read_version(text: object) -> ServerInfo:
    """What a release can do. Raises `RefusedError` on one that is too old, or on nonsense."""
    try:
        version = Version(text if isinstance(text, str) else "")
    except InvalidVersion:
        raise RefusedError(
            f"{not_ours('probe', TITLE)} /api/version says {str(text)[:80]!r}, which is no version of Ollama."
        ) from None
    if version < OLDEST:
        hint = (
            " (a build from source says 0.0.0 unless it is given its version)" if version.release[:2] < (0, 1) else ""
        )
        raise RefusedError(f"Ollama {version} is too old{hint}; install {OLDEST} or newer on that host: {_WHY_OLDEST}")
    return ServerInfo(version=str(text), adapters=version.release[:2] < _NO_ADAPTERS)


@contextmanager
def errors(what: str) -> Iterator[None]:
    """Translate what the client and its transport raise into the driver's errors."""
    try:
        yield
    except ollama.ResponseError as error:
        refuse(what, error.status_code, error.error)
    except httpx.HTTPStatusError as error:
        refuse(what, error.response.status_code, error.response.text)
    except httpx.TimeoutException as error:
        raise SlowError(f"{what}: no answer in time ({error!r}); is the server overloaded, or loading?") from error
    except (httpx.HTTPError, ConnectionError) as error:
        raise TransportError(f"{what}: the server does not answer ({error!r}); is it running?") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # The client reads JSON into its own types; what is none of them ends in one of these.
        raise TransportError(f"{not_ours(what, TITLE)} (unreadable answer: {str(error)[:200]})") from error


def refuse(what: str, status: int, text: object) -> NoReturn:
    """Raise the error that a status and its text stand for. A status under 0: an error inside a streamed 200."""
    foreign = stranger(what, status, text, TITLE)
    if foreign is not None:
        raise foreign
    message = _message(text)
    if isinstance(message, dict):
        if message.get("type") == "exceed_context_size_error":
            raise PromptTooLongError(message.get("n_prompt_tokens"), message.get("n_ctx"))
        message = str(message.get("message", message))
    if status == httpx.codes.BAD_REQUEST and _TOO_LONG in message:
        raise PromptTooLongError
    if status == httpx.codes.INTERNAL_SERVER_ERROR and message == _EMPTY_MANIFEST:
        raise UnreadableError(f"{what}: {status} {message}, its manifest cannot be read")
    match status:
        case httpx.codes.NOT_FOUND:
            raise NotThereError(f"{what}: {message}")
        case httpx.codes.FORBIDDEN:
            raise RefusedError(f"{what}: 403, {_HOST_CHECK}")
        case httpx.codes.SERVICE_UNAVAILABLE:
            raise TransportError(
                f"{what}: 503 {message}; its queue is full: ask fewer at once, or raise OLLAMA_NUM_PARALLEL and "
                "OLLAMA_MAX_QUEUE there"
            )
    if "no space left" in message:
        message += "; free disk space on that host"
    told = f"{status} {message}" if status > 0 else message
    raise (TransportError if status >= 500 or status < 0 else RefusedError)(f"{what}: {told}")


def _message(text: object) -> dict[str, Any] | str:
    """The innermost error: the server wraps that of llama.cpp, as JSON, in its own."""
    try:
        found = jsonbounds.loads(text) if isinstance(text, str) else text
    except ValueError:
        return str(text)[:500]
    if isinstance(found, dict) and "error" in found:
        return _message(found["error"])
    return found if isinstance(found, dict) else str(text)[:500]
