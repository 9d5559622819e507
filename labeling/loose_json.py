"""JSON as models write it: single and curly quotes, bare words, a comma too many or too few, comments, sets.

Nothing is guessed. A value that is not closed is an error of its own (`CutError`), and so is a key that is there twice
with two values. One pass over the text, whatever it holds, and never deeper than `common.jsonbounds` allows.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from common.jsonbounds import MAX_DEPTH

_OPENING = re.compile(r"[{\[]")
# A quote that opens and never closes is no token: the text ends inside it. A bare word ends at whatever means something
# in JSON, at a line's end, and at a comment.
_TOKEN = re.compile(
    r"""(?P<gap>[\s\ufeff]++)
    |//(?P<comment>[^\n]*+)
    |(?P<mark>[{}\[\]:,])
    |"(?P<double>(?:[^"\\]|\\.)*+)"
    |'(?P<single>(?:[^'\\]|\\.)*+)'
    |[“”„](?P<curly>[^“”„]*+)[“”]
    |[‘’‚](?P<half>[^‘’‚]*+)[‘’]
    |`(?P<tick>[^`]*+)`
    |(?P<word>[^\s,:{}\[\]"'`“”„‘’‚](?:[^,:{}\[\]"`“”„\n/]|/(?!/))*+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,400})(\.\d{1,400})?([eE][+-]?\d{1,3})?")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CONSTANTS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_FENCE = re.compile(r"\s*+```")


class LooseError(ValueError):
    """What stands here is no value; the message is the end of a sentence."""


class CutError(LooseError):
    """The text ends before the value does."""


class Repeated(dict[str, Any]):
    """An object in which a key stood twice with one value: readable, but not strict."""


@dataclass(frozen=True)
class Found:
    """A value, where it begins and ends in the text, and the comments inside it."""

    value: Any
    start: int
    end: int
    comments: tuple[str, ...] = ()


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; a key given twice is a mistake unless both say the same."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise LooseError(f"the key {key!r} is there twice with different values")
        found[key] = value
    return Repeated(found) if len(found) < len(pairs) else found


def values_in(text: str) -> list[Found]:
    """The values in braces or brackets that stand in `text`, one after the other. Raises `LooseError`."""
    found: list[Found] = []
    opening = _OPENING.search(text)
    while opening:
        found.append(_Reader(text, opening.start()).read())
        opening = _OPENING.search(text, found[-1].end)
    return found


@dataclass
class _Reader:
    """Reads one value; `at` is where the next token begins."""

    text: str
    at: int
    comments: list[str] = field(default_factory=list)
    depth: int = 0

    def read(self) -> Found:
        start = self.at
        value = self._value(self._next())
        return Found(value, start, self.at, tuple(self.comments))

    def _next(self) -> tuple[str, str]:
        """The kind of the next token and what it says; gaps are passed over, comments kept."""
        while True:
            match = _TOKEN.match(self.text, self.at)
            if match is None:
                if self.at < len(self.text) and self.text[self.at] not in "\"'`“”„‘’‚":
                    raise LooseError(f"it is broken at {self.text[self.at : self.at + 20]!r}")
                raise CutError("it ends before its value is closed")
            self.at = match.end()
            kind = match.lastgroup or ""
            if kind == "comment":
                self.comments.append(match["comment"])
            elif kind != "gap":
                return kind, match[kind]

    def _peek(self) -> tuple[str, str]:
        at, comments = self.at, len(self.comments)
        token = self._next()
        self.at = at
        del self.comments[comments:]
        return token

    def _value(self, token: tuple[str, str]) -> Any:
        if token not in (("mark", "{"), ("mark", "[")):
            return self._scalar(token)
        # Counted here, too: a quote among the words around it hides brackets from whoever counts on the text.
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LooseError(f"it is nested too deeply: at most {MAX_DEPTH} levels are read")
        value = self._braces() if token[1] == "{" else self._brackets()
        self.depth -= 1
        return value

    def _scalar(self, token: tuple[str, str]) -> Any:
        kind, said = token
        if kind == "mark":
            raise LooseError(f"it is broken at {said!r}")
        if kind != "word":
            return _unescaped(kind, said)
        said = said.strip()
        if said in _CONSTANTS:
            return _CONSTANTS[said]
        return json.loads(said) if _NUMBER.fullmatch(said) else said

    def _brackets(self) -> list[Any]:
        items: list[Any] = []
        while (token := self._next()) != ("mark", "]"):
            items.append(self._value(token))
            self._comma("]")
        return items

    def _braces(self) -> Any:
        """An object, or a list where it is a set: values without keys."""
        pairs: list[tuple[str, Any]] = []
        items: list[Any] = []
        while (token := self._next()) != ("mark", "}"):
            said = self._scalar(token)
            if self._peek() == ("mark", ":"):
                self._next()
                pairs.append((said if isinstance(said, str) else json.dumps(said), self._value(self._next())))
            else:
                items.append(said)
            if pairs and items:
                raise LooseError("it has values with and without keys in one object")
            if pairs and _FENCE.match(self.text, self.at):
                break  # what is closed after all is the fence around it: only the brace was forgotten
            self._comma("}")
        return items or once(pairs)

    def _comma(self, closing: str) -> None:
        """Past the comma after a value. None is needed before the end, a quote or a bracket."""
        kind, said = self._peek()
        if (kind, said) == ("mark", ","):
            self._next()
        elif kind == "word" or (kind == "mark" and said not in (closing, "{", "[")):
            raise LooseError(f"it is broken at {said[:20]!r}")


def _unescaped(kind: str, said: str) -> str:
    """What a string says; an escape that JSON does not know stands for its character (`card\\_arrival`)."""
    if kind == "double":
        try:
            return str(json.loads(f'"{said}"', strict=False))
        except ValueError:
            pass
    return _ESCAPE.sub(_character, said)


def _character(match: re.Match[str]) -> str:
    code, char = match.groups()
    return chr(int(code, 16)) if code else _ESCAPED.get(char, char)
