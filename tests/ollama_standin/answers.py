"""What the stand-in's models say: decided by the model's bytes and the prompt alone."""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.ollama_standin.errors import HTTPError, NotShownError
from tests.ollama_standin.store import Model

Messages = list[dict[str, str]]
# The first tokens of a prompt that is cut; of the rest about half of the context is kept, from its end.
_KEPT = 4
# Tokens of a thought, of models that think.
_THOUGHT = 16
_TOO_LONG = (
    "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the "
    "context length in settings, or use a model with a longer context length"
)


@dataclass(frozen=True)
class Asked:
    """What a request asks of a model: messages, or a text as it stands; True for `truncate` and `shift` is silence."""

    prompt: Messages | str
    options: dict[str, Any]
    format: Any = None
    think: bool = False
    truncate: bool = True
    shift: bool = True

    @property
    def context(self) -> int:
        return int(self.options["num_ctx"])


@dataclass(frozen=True)
class Said:
    """An answer: tokens with their logarithms of probability, the prompt's count of tokens, why it ended.

    The tokens begin with those of what it thought.
    """

    tokens: tuple[tuple[str, float], ...]
    prompt_tokens: int
    reason: str
    thinking: str = ""

    @property
    def text(self) -> str:
        return "".join(token for token, _ in self.tokens).removeprefix(self.thinking)

    @property
    def count(self) -> int:
        """As the real one counts: with the end token, which has no probability."""
        return len(self.tokens) + (self.reason == "stop")


class Mind(Protocol):
    """What answers behind the API."""

    def load(self, model: Model, path: Path, context: int, threads: int) -> None: ...

    def unload(self, model: Model) -> None: ...

    def render(self, model: Model, messages: Messages, think: bool) -> str: ...

    def say(self, model: Model, asked: Asked) -> Said: ...

    def close(self) -> None: ...


class Made:
    """No model at all: quick, and good enough for everything but what an answer means."""

    def load(self, model: Model, path: Path, context: int, threads: int) -> None:
        """Nothing to load."""

    def unload(self, model: Model) -> None:
        """Nothing to unload."""

    def close(self) -> None:
        """Nothing to end."""

    def render(self, model: Model, messages: Messages, think: bool) -> str:
        """By the file's own chat template; ChatML where it has none."""
        if model.facts.template:
            from jinja2.sandbox import ImmutableSandboxedEnvironment

            template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
                model.facts.template
            )
            return template.render(
                messages=messages, add_generation_prompt=True, bos_token="", eos_token="", enable_thinking=think
            )
        marked = (f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n" for each in messages)
        return "".join(marked) + "<|im_start|>assistant\n"

    def say(self, model: Model, asked: Asked) -> Said:
        prompt = asked.prompt
        text = prompt if isinstance(prompt, str) else self.render(model, prompt, asked.think)
        count = _fitted(prompt_tokens(text, model.facts.pieces), model, asked)
        seed = hashlib.sha256((model.blob + text).encode()).digest()
        thought = [f"{seed.hex()[index : index + 4]} " for index in range(0, 4 * _THOUGHT, 4)] if asked.think else []
        tokens = [*thought, *re.findall(r"\w+|[^\w]", _text(asked.format, seed))]
        limit = asked.options.get("num_predict", 10**6)
        sure = -math.log(1 + seed[0] / 255)
        kept = tuple((token, sure) for token in tokens[:limit])
        return Said(kept, count, "length" if len(tokens) >= limit else "stop", "".join(thought[:limit]))


def _fitted(count: int, model: Model, asked: Asked) -> int:
    """How many tokens of the prompt reach the model. A byte-level vocabulary's prompt is cut, one of pieces is not."""
    if count < asked.context:
        if not asked.shift:
            raise NotShownError("shift: false with a prompt that fits")
        return count
    if not asked.truncate or model.facts.pieces:
        raise too_long(count, asked.context)
    if not asked.shift:
        raise HTTPError(400, _TOO_LONG)
    return asked.context - (asked.context - _KEPT) // 2


def too_long(count: int, context: int) -> HTTPError:
    """llama.cpp's refusal, as the real one passes it on."""
    message = f"request ({count} tokens) exceeds the available context size ({context} tokens), try increasing it"
    inner = {"code": 400, "message": message, "type": "exceed_context_size_error"}
    return HTTPError(400, json.dumps({"error": {**inner, "n_prompt_tokens": count, "n_ctx": context}}))


def _text(format: Any, seed: bytes) -> str:
    if format == "json":
        return json.dumps({"answer": seed.hex()[:8]})
    if not isinstance(format, dict):
        return "answer " + " ".join(re.findall("....", seed.hex()[:32]))
    try:
        return json.dumps(fit(format, seed))
    except KeyError as error:
        raise NotShownError(f"a schema without {error}") from error
    except ValueError as error:
        failed = "Unable to generate parser for this template. Automatic parser generation failed"
        inner = {"code": 400, "message": f"{failed}: {error}", "type": "invalid_request_error"}
        raise HTTPError(400, json.dumps({"error": inner}, separators=(",", ":"))) from error


def prompt_tokens(text: str, pieces: bool) -> int:
    """Exact for a byte-level vocabulary: a token for each mark and other byte. With pieces about as many as words."""
    if pieces:
        return len(re.findall(r"\w+|[^\w\s]", text))
    marks = re.findall(r"<\|im_(?:start|end)\|>", text)
    return len(marks) + len(text.encode()) - sum(map(len, marks))


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
