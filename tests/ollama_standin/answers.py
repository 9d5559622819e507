"""What the stand-in's models say: decided by the model's bytes and the prompt alone."""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.ollama_standin.errors import HTTPError
from tests.ollama_standin.store import Model

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Said:
    """An answer: tokens with their logarithms of probability, the prompt's count of tokens, why it ended."""

    tokens: tuple[tuple[str, float], ...]
    prompt_tokens: int
    reason: str

    @property
    def text(self) -> str:
        return "".join(token for token, _ in self.tokens)


class Mind(Protocol):
    """What answers behind the API."""

    def load(self, model: Model, path: Path, context: int, threads: int) -> None: ...

    def unload(self, model: Model) -> None: ...

    def render(self, model: Model, messages: Messages) -> str: ...

    def say(self, model: Model, prompt: Messages | str, options: dict[str, Any], format: Any) -> Said: ...

    def close(self) -> None: ...


class Made:
    """No model at all: quick, and good enough for everything but what an answer means."""

    def load(self, model: Model, path: Path, context: int, threads: int) -> None:
        """Nothing to load."""

    def unload(self, model: Model) -> None:
        """Nothing to unload."""

    def close(self) -> None:
        """Nothing to end."""

    def render(self, model: Model, messages: Messages) -> str:
        """By the file's own chat template; ChatML where it has none."""
        if model.facts.template:
            from jinja2.sandbox import ImmutableSandboxedEnvironment

            template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
                model.facts.template
            )
            return template.render(messages=messages, add_generation_prompt=True, bos_token="", eos_token="")
        marked = (f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n" for each in messages)
        return "".join(marked) + "<|im_start|>assistant\n"

    def say(self, model: Model, prompt: Messages | str, options: dict[str, Any], format: Any) -> Said:
        asked = prompt if isinstance(prompt, str) else "\n".join(f"{m['role']}: {m['content']}" for m in prompt)
        count = prompt_tokens(prompt if isinstance(prompt, str) else self.render(model, prompt))
        _check_context(count, options.get("num_ctx", 2048))
        seed = hashlib.sha256((model.blob + asked).encode()).digest()
        tokens = re.findall(r"\w+|[^\w]", _text(format, seed))
        limit = options.get("num_predict", 10**6)
        sure = -math.log(1 + seed[0] / 255)
        kept = tuple((token, sure) for token in tokens[:limit])
        return Said(kept, count, "length" if len(tokens) > limit else "stop")


def _check_context(count: int, limit: int) -> None:
    if count > limit:
        message = f"request ({count} tokens) exceeds the available context size ({limit} tokens), try increasing it"
        inner = {"code": 400, "message": message, "type": "exceed_context_size_error"}
        raise HTTPError(400, json.dumps({"error": {**inner, "n_prompt_tokens": count, "n_ctx": limit}}))


def _text(format: Any, seed: bytes) -> str:
    if format == "json":
        return json.dumps({"answer": seed.hex()[:8]})
    if not isinstance(format, dict):
        return "answer " + " ".join(re.findall("....", seed.hex()[:32]))
    try:
        return json.dumps(fit(format, seed))
    except ValueError as error:
        failed = "Unable to generate parser for this template. Automatic parser generation failed"
        inner = {"code": 400, "message": f"{failed}: {error}", "type": "invalid_request_error"}
        raise HTTPError(400, json.dumps({"error": inner}, separators=(",", ":"))) from error


def prompt_tokens(prompt: str) -> int:
    """About as many tokens as words and marks."""
    return len(re.findall(r"\w+|[^\w\s]", prompt))


def fit(schema: dict[str, Any], seed: bytes) -> Any:
    """A value that the schema allows; which one, the seed says."""
    if "enum" in schema:
        return schema["enum"][seed[0] % len(schema["enum"])]
    match schema.get("type"):
        case "object":
            return {
                name: fit(inner, seed[index + 1 :]) for index, (name, inner) in enumerate(schema["properties"].items())
            }
        case "array":
            items = schema["items"]
            wanted = 1 + seed[0] % min(2, schema.get("maxItems", 2))
            found = [fit(items, seed[index + 1 :]) for index in range(wanted)]
            return [value for index, value in enumerate(found) if value not in found[:index]]
        case "string":
            return seed.hex()[:8]
        case other:
            raise ValueError(f"JSON schema error at #: unrecognized type {other}")
