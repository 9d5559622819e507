"""What an answer may look like: a JSON schema as a grammar, in which every white space has a bound.

Structure is written here, keys in llama.cpp's order; single values (ranges, formats, lengths) are llguidance's own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from training.engine.errors import EngineError
from training.engine.looks.words import sentence

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

# As much as llama.cpp's grammars allow; without a bound, a model that knows nothing never gets beyond it.
_SPACE = r"SPACE: /( |\n{1,2}[ \t]{0,20})/"
# Among the tokens that spell a text out, the model chooses as llama.cpp's grammars let it, and not the tokenizer.
_AS_LIKELY = '%llguidance {"no_forcing": true}'
_COMMA, _COLON = 'SPACE? "," SPACE?', 'SPACE? ":" SPACE?'
# White space inside a single value would be a second one, without a bound.
_BARE = {"x-guidance": {"whitespace_flexible": False}}


@dataclass(frozen=True)
class Form:
    """The texts that are answers, as a grammar in llguidance's Lark."""

    grammar: str

    def complete(self, text: str) -> bool:
        """Whether `text` is an answer as it stands."""
        matcher, whole = self._read(_bytes_of(text))
        return whole and matcher.is_accepting()

    def can_become(self, text: str | bytes) -> bool:
        """Whether `text` is the beginning of an answer; bytes may end inside a character."""
        return self._read(text if isinstance(text, bytes) else _bytes_of(text))[1]

    def matcher(self, tokenizer: "LLTokenizer") -> "LLMatcher":
        """What follows an answer token by token. Raises `EngineError` on schemas that cannot be kept."""
        from llguidance import LLMatcher

        matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(self.grammar), log_level=0)
        if matcher.is_error():
            raise EngineError(f"Answers of this schema cannot be made: {sentence(ValueError(matcher.get_error()))}")
        return matcher

    @cached_property
    def _bytes(self) -> "LLTokenizer":
        from llguidance import LLTokenizer

        return LLTokenizer("byte")

    def _read(self, text: bytes) -> tuple["LLMatcher", bool]:
        matcher, tokens = self.matcher(self._bytes), list(text)
        return matcher, matcher.try_consume_tokens(tokens) == len(tokens)


def _bytes_of(text: str) -> bytes:
    """Half a pair of surrogates is no character, and so no answer's."""
    return text.encode("utf-8", "surrogatepass")


def form_of(schema: Mapping[str, Any]) -> Form:
    """The form of the answers that a schema allows. Raises `EngineError` on schemas that cannot be kept."""
    rules: list[str] = []
    start = _value(schema, rules)
    form = Form("\n".join([_AS_LIKELY, f"start: {start}", *rules, _SPACE, ""]))
    form.can_become("")
    return form


def _value(schema: Mapping[str, Any], rules: list[str]) -> str:
    """The name of the rule for a value; adds it to `rules`."""
    types = schema.get("type")
    several = types if isinstance(types, list) else [types]
    if "enum" in schema or "const" in schema or not {"object", "array"} & set(several):
        return _named(f"%json {json.dumps({**schema, **_BARE})}", rules)
    ways = []
    for each in several:
        if each == "object":
            ways.append(_object(schema, rules))
        elif each == "array":
            ways.append(_array(schema, rules))
        else:
            ways.append(_value({**schema, "type": each}, rules))
    return _named(" | ".join(ways), rules)


def _object(schema: Mapping[str, Any], rules: list[str]) -> str:
    """Required keys first, then those that may be left out, each in the schema's order: so llama.cpp has it."""
    properties, required = schema.get("properties", {}), set(schema.get("required", ()))
    needed = [_pair(name, properties[name], rules) for name in properties if name in required]
    optional = [_pair(name, properties[name], rules) for name in properties if name not in required]
    more = [f"({_COMMA} {pair})?" for pair in optional]
    if needed:
        inside = " ".join([f" {_COMMA} ".join(needed), *more, "SPACE?"])
    elif optional:
        starts = [" ".join([pair, *more[at + 1 :]]) for at, pair in enumerate(optional)]
        inside = f"(({' | '.join(starts)}) SPACE?)?"
    else:
        inside = ""
    return _named(f'"{{" SPACE? {inside} "}}"', rules)


def _pair(name: str, schema: Mapping[str, Any], rules: list[str]) -> str:
    key = json.dumps(json.dumps(name, ensure_ascii=False), ensure_ascii=False)
    return _named(f"{key} {_COLON} {_value(schema, rules)}", rules)


def _array(schema: Mapping[str, Any], rules: list[str]) -> str:
    """A list of bounded length."""
    if "maxItems" not in schema:
        raise EngineError("Answers of this schema cannot be made: a list in it has no maxItems, and might never end.")
    least, most = int(schema.get("minItems", 0)), int(schema["maxItems"])
    if not most:
        return _named('"[" SPACE? "]"', rules)
    item = _value(schema["items"], rules)
    more = f"({_COMMA} {item}){{{max(0, least - 1)},{most - 1}}}" if most > 1 else ""
    some = f"{item} {more} SPACE?"
    return _named(f'"[" SPACE? {some if least else f"({some})?"} "]"', rules)


def _named(body: str, rules: list[str]) -> str:
    name = f"r{len(rules)}"
    rules.append(f"{name}: {body}")
    return name
