"""What the stand-in's models say: decided by the model's bytes and the prompt alone."""

import hashlib
import json
import math
import re
from typing import Any


def chat(manifest: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The answer to `/api/chat`, not streamed."""
    options = {**manifest["parameters"], **(body.get("options") or {})}
    prompt = "\n".join(f"{message['role']}: {message['content']}" for message in body["messages"])
    seed = hashlib.sha256((manifest["layer"] + prompt).encode()).digest()
    text = json.dumps(fit(body["format"], seed)) if isinstance(body.get("format"), dict) else f"answer {seed.hex()[:8]}"
    tokens = re.findall(r"\w+|[^\w]", text)
    limit = options.get("num_predict", 10**6)
    answer: dict[str, Any] = {
        "model": body["model"],
        "created_at": "2026-11-21T03:50:51Z",
        "message": {"role": "assistant", "content": "".join(tokens[:limit])},
        "done": True,
        "done_reason": "length" if len(tokens) > limit else "stop",
        "prompt_eval_count": prompt_tokens(prompt),
        "eval_count": min(len(tokens), limit),
    }
    if body.get("logprobs"):
        sure = -math.log(1 + seed[0] / 255)
        answer["logprobs"] = [{"token": token, "logprob": sure} for token in tokens[:limit]]
    return answer


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
