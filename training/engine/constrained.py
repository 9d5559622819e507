"""Greedy answers of a plain Hugging Face model, held to a JSON schema token by token.

An independent second opinion on what a served model answers: no llama.cpp, no GGUF, no quantization. The most likely
token is taken among those after which the text can still become what the schema allows.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.engine.chat import end_ids, token_ids
from training.engine.errors import EngineError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# As much as llama.cpp's grammars allow; without a bound, a model that knows nothing never gets beyond it.
_SPACE = r"(?: |\n{1,2}[ \t]{0,20})?"

# What `decode` shows for the first bytes of a character, until its last ones come.
_HALF = "\ufffd"


@dataclass(frozen=True)
class Form:
    """What an answer may look like: a regular expression, and the characters beyond ASCII that may stand in it."""

    pattern: str
    beyond: tuple[str, ...]

    def complete(self, text: str) -> bool:
        """Whether `text` is an answer as it stands."""
        return self._matches(text, partial=False)

    def can_become(self, text: str) -> bool:
        """Whether `text` is the beginning of an answer."""
        whole = text.rstrip(_HALF)
        if whole == text:
            return self._matches(text, partial=True)
        return any(self._matches(whole + character, partial=True) for character in self.beyond)

    def _matches(self, text: str, *, partial: bool) -> bool:
        import regex

        return regex.fullmatch(self.pattern, text, partial=partial) is not None


def form_of(schema: dict[str, Any]) -> Form:
    """The form of the answers that a schema allows. Raises `EngineError` on schemas that are not known here."""
    named = json.dumps(schema, ensure_ascii=False)
    return Form(pattern_of(schema), tuple(sorted({character for character in named if not character.isascii()})))


def pattern_of(schema: dict[str, Any]) -> str:
    """A regular expression of the JSON texts that the schema allows, keys in its order.

    Raises `EngineError` on what is neither an object with fixed keys, an array with a limit, nor an enumeration.
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
        case other:
            raise EngineError(f"Answers of the schema type {other!r} cannot be made; it is beyond what is known here.")


def greedy(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str, form: Form | None, limit: int
) -> str:
    """The model's most likely answer of at most `limit` tokens to rendered `text`; free where `form` is None."""
    import torch

    prompt = token_ids(tokenizer, text)
    start = len(text_of(tokenizer, prompt))
    ends = end_ids(tokenizer)
    given: list[int] = []
    past: Any = None

    def with_next(token: int) -> str:
        return text_of(tokenizer, [*prompt, *given, token])[start:]

    with torch.inference_mode():
        while len(given) < limit:
            fresh = torch.tensor([given[-1:] or prompt], device=model.device)
            out = model(input_ids=fresh, past_key_values=past, use_cache=True)
            past = out.past_key_values
            order = out.logits[0, -1].argsort(descending=True).tolist()
            so_far = text_of(tokenizer, [*prompt, *given])[start:]
            chosen = next((token for token in order if allowed(token, ends, form, so_far, with_next)), None)
            if chosen is None or chosen in ends:
                break
            given.append(chosen)
    return text_of(tokenizer, [*prompt, *given])[start:]


def allowed(token: int, ends: set[int], form: Form | None, so_far: str, with_next: Callable[[int], str]) -> bool:
    """Whether the answer may go on with `token` after `so_far`, or end with it."""
    if form is None:
        return True
    if token in ends:
        return form.complete(so_far)
    longer = with_next(token)
    return longer != so_far and form.can_become(longer)


def text_of(tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int]) -> str:
    """What ids say, their marks included."""
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
