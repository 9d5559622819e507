"""Greedy answers of a plain Hugging Face model, held to a JSON schema token by token.

An independent second opinion on what a served model answers: no llama.cpp, no GGUF, no quantization. The most likely
token is taken among those after which the text can still become what the schema allows.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.engine.chat import token_ids
from training.engine.errors import EngineError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_SPACE = r"[ \t\r\n]*"
_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<end_of_turn>", "</s>")


def pattern_of(schema: dict[str, Any]) -> str:
    """A regular expression of the JSON texts that the schema allows, keys in its order.

    Raises `EngineError` on schemas beyond objects with fixed keys, arrays with a limit, enumerations and strings.
    """
    import regex

    if "enum" in schema:
        values = (json.dumps(value, ensure_ascii=False) for value in schema["enum"])
        return f"(?:{'|'.join(regex.escape(value) for value in values)})"
    match schema.get("type"):
        case "object":
            pairs = [
                f"{regex.escape(json.dumps(name))}{_SPACE}:{_SPACE}{pattern_of(inner)}"
                for name, inner in schema["properties"].items()
            ]
            inside = f"{_SPACE},{_SPACE}".join(pairs)
            return rf"\{{{_SPACE}{inside}{_SPACE}\}}"
        case "array" if "maxItems" in schema:
            item, most = pattern_of(schema["items"]), int(schema["maxItems"])
            some = f"{item}(?:{_SPACE},{_SPACE}{item}){{0,{most - 1}}}" if most else ""
            optional = "?" if not schema.get("minItems") else ""
            return rf"\[{_SPACE}(?:{some}){optional}{_SPACE}\]"
        case "string":
            return _STRING
        case other:
            raise EngineError(f"Answers of the schema type {other!r} cannot be made; it is beyond what is known here.")


def greedy(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str, pattern: str | None, limit: int
) -> str:
    """The model's most likely answer of at most `limit` tokens to rendered `text`; free where `pattern` is None."""
    import torch

    prompt = token_ids(tokenizer, text)
    before = _text(tokenizer, prompt)
    given: list[int] = []
    ends = _end_ids(tokenizer)
    past: Any = None
    with torch.inference_mode():
        while len(given) < limit:
            fresh = torch.tensor([prompt if past is None else given[-1:]], device=model.device)
            out = model(input_ids=fresh, past_key_values=past, use_cache=True)
            past = out.past_key_values
            order = out.logits[0, -1].argsort(descending=True).tolist()

            def answer(token: int) -> str:
                return _text(tokenizer, [*prompt, *given, token])[len(before) :]

            so_far = _text(tokenizer, [*prompt, *given])[len(before) :]
            chosen = next((token for token in order if _allowed(token, ends, pattern, so_far, answer)), None)
            if chosen is None or chosen in ends:
                break
            given.append(chosen)
    return _text(tokenizer, [*prompt, *given])[len(before) :]


def _allowed(token: int, ends: set[int], pattern: str | None, so_far: str, answer: Any) -> bool:
    import regex

    if pattern is None:
        return True
    if token in ends:
        return regex.fullmatch(pattern, so_far) is not None
    # Half a character of several bytes shows as U+FFFD until its other half comes.
    longer = answer(token)
    return longer != so_far and regex.fullmatch(pattern, longer.rstrip("\ufffd"), partial=True) is not None


def _text(tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _end_ids(tokenizer: "PreTrainedTokenizerBase") -> set[int]:
    """The tokens that llama.cpp takes for an answer's end as well."""
    known = tokenizer.get_vocab()
    found = {known[name] for name in _ENDS if name in known}
    return found | ({tokenizer.eos_token_id} if isinstance(tokenizer.eos_token_id, int) else set())
