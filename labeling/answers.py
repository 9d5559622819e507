"""The only place where model text becomes an answer.

An answer is `strict` (JSON, valid against the schema, nothing that its kind had to mend), else `repaired` (reasoning,
fences, chatter, commas, quotes, label spelling; what was done is listed), else `failed` with the reason. Nothing is
read that the text does not give: what was cut off is a failure, and so is what is said twice in two ways, or taken
back. JSON is read by the standard library, then by `loose_json`; what the value means is read by the kind, with what
was asked about at hand. `docs/reading.md` shows what is read how.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from common import jsonbounds
from labeling.apart import Apart, take_apart, take_apart_text
from labeling.kinds import Answer, AnswerError, Input, Kind, Spec, json_schema, kind_of
from labeling.kinds.words import leads_astray, turns
from labeling.loose_json import CutError, Found, LooseError, Repeated, once, values_in

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

# An answer holds a handful of brackets; building a value for each of many thousands takes more than its share of time.
MAX_BRACKETS = 10_000


class Status(StrEnum):
    """How model text was read."""

    STRICT = "strict"
    REPAIRED = "repaired"
    FAILED = "failed"


@dataclass(frozen=True)
class ParsedAnswer:
    """The outcome of reading one model text.

    `answer` is the stored form, None if and only if `status` is failed; `reason` says why it failed (else empty);
    `repairs` lists in plain words what was mended (empty unless repaired). `note`: what the server said of the text,
    such as that not all of it was read.
    """

    answer: Answer | None
    status: Status
    reason: str = ""
    repairs: tuple[str, ...] = ()
    note: str = ""

    @property
    def words(self) -> str:
        """All that is to be said of it in one line."""
        return self.reason or " ".join(filter(None, ("; ".join(self.repairs), self.note)))


def parse(raw: str, spec: Spec, input: Input | None, *, complete: bool = True) -> ParsedAnswer:
    """Read `raw`, what a model gave to `input` (None: it is not kept), as an answer to `spec`. Never raises.

    `complete`: the model ended it by itself. What a limit cut off is no answer, however it looks.
    """
    try:
        return _parse(raw, spec, input, complete)
    except AnswerError as error:
        return ParsedAnswer(None, Status.FAILED, str(error))


def keeps_form(raw: str, spec: Spec) -> bool:
    """Whether a text has the form that the task asks for, whatever it says of what was asked about."""
    if not kind_of(spec).is_json:
        return bool(raw.strip())
    try:
        _check_bounds(raw)
        return bool(_validator(spec).is_valid(_DECODER.decode(raw)))
    except ValueError:
        return False


def apart_of(raw: str, *, is_json: bool) -> Apart:
    """What a page shows of a model's text: the answer in it, and what stood around that."""
    return take_apart(raw) if is_json else take_apart_text(raw)


def _parse(raw: str, spec: Spec, input: Input | None, complete: bool) -> ParsedAnswer:
    if not complete:
        raise AnswerError("The answer was cut off at the limit of tokens (num_predict); the rest of it is unknown.")
    kind = kind_of(spec)
    if kind.is_json and (answer := _strict(raw, spec, kind, input)) is not None:
        return ParsedAnswer(answer, Status.STRICT)
    parts = apart_of(raw, is_json=kind.is_json)
    if parts.is_thinking:
        raise AnswerError("The model was still reasoning when its text ended.")
    if not parts.answer.strip():
        raise AnswerError("The model gave an empty answer.")
    repairs = list(parts.taken)
    if kind.is_json:
        answer = _Reading(parts.answer, spec, input, repairs).answer()
        repairs = repairs or ["read as the form that the schema asks for"]
    else:
        answer = kind.read(spec, parts.answer, input, repairs)
    return ParsedAnswer(answer, Status.REPAIRED if repairs else Status.STRICT, repairs=tuple(dict.fromkeys(repairs)))


def _strict(raw: str, spec: Spec, kind: Kind, input: Input | None) -> Answer | None:
    """The answer where it is JSON, valid against the schema, and read without mending; None elsewhere."""
    _check_bounds(raw)
    try:
        value = _DECODER.decode(raw)
    except ValueError:
        return None
    repairs: list[str] = []
    if isinstance(value, Repeated) or not _validator(spec).is_valid(value):
        return None
    answer = kind.read(spec, value, input, repairs)
    return None if repairs else answer


def _check_bounds(raw: str) -> None:
    try:
        jsonbounds.check(raw)
    except jsonbounds.JsonBoundsError as error:
        raise AnswerError(f"The answer cannot be read: {error}.") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=once, parse_constant=_refuse_constant)


@lru_cache(maxsize=64)
def _validator(spec: Spec) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    schema = json_schema(spec)
    assert schema is not None, "a kind whose answers are JSON has a schema"
    return Draft202012Validator(schema)


class _Reading:
    """One reading of an answer that is not strict, for a kind whose answers are JSON."""

    def __init__(self, text: str, spec: Spec, input: Input | None, repairs: list[str]) -> None:
        self.spec, self.input, self.repairs, self.kind = spec, input, repairs, kind_of(spec)
        self.text = self._without_echo(text).strip().lstrip("\ufeff")

    def answer(self) -> Answer:
        """What the text says, as JSON, in words, or as JSON among words. Raises `AnswerError`."""
        if not self.text:
            raise AnswerError("The model only repeated the prompt.")
        if self.text.count("{") + self.text.count("[") > MAX_BRACKETS:
            raise AnswerError(f"The answer has more than {MAX_BRACKETS} brackets, which is too much to be mended.")
        try:
            value = _DECODER.decode(self.text)
        except LooseError as error:
            raise AnswerError(f"The answer cannot be read: {error}.") from error
        except ValueError:
            said = self.kind.said(self.spec, self.text)
            if said is not None:
                self.repairs.append("read from words, not from JSON")
                return self.kind.read(self.spec, said, self.input, [])
            return self._among_words()
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            self.repairs.append("JSON inside a JSON string")
            self.text = value
            _check_bounds(value)
            return self._among_words()
        return self._read(value)

    def _read(self, value: Any) -> Answer:
        return self.kind.read(self.spec, value, self.input, self.repairs)

    def _without_echo(self, text: str) -> str:
        """The text without the lines of the prompt that it begins with."""
        asked = [*self.spec.instruction.split("\n"), *self.kind.prompt_lines(self.spec)]
        echoes = {line.strip() for line in asked} - {""}
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        first = 0
        while first < len(lines) and self._is_echo(lines, first, echoes):
            first += 1
        if first:
            self.repairs.append("a repeated line of the prompt taken off")
        return "\n".join(lines[first:]) if first else text

    def _is_echo(self, lines: list[str], place: int, echoes: set[str]) -> bool:
        """Whether a line repeats the prompt; after one that does, the last line may do so in part."""
        line, is_last = lines[place], place == len(lines) - 1
        if place and is_last:
            return any(echo.startswith(line) for echo in echoes)
        # A line of the prompt may be a label and nothing else: alone, it is an answer.
        is_answer = is_last and ":" not in line and bool(self.kind.said(self.spec, line))
        return line in echoes and not is_answer

    def _among_words(self) -> Answer:
        found = self._values()
        claims = [each for each in found if self.kind.claims(self.spec, each.value)]
        if not claims and len(found) == 1:
            claims = found
        if not claims:
            raise AnswerError(
                "None of the values in the answer is one." if found else "No JSON was found in the answer."
            )
        self._check_around(claims)
        answers = [self._read(each.value) for each in claims]
        if any(answer != answers[0] for answer in answers):
            raise AnswerError(f"The model gave {len(answers)} different answers in one.")
        self._check_words_before(claims[0], answers[0])
        self.repairs.append("the same answer given several times" if len(claims) > 1 else "JSON found and mended")
        return answers[0]

    def _values(self) -> list[Found]:
        try:
            return values_in(self.text)
        except CutError as error:
            raise AnswerError("The answer is cut off: it ends before its JSON is closed.") from error
        except LooseError as error:
            raise AnswerError(f"The answer cannot be read: {error}.") from error

    def _check_around(self, claims: list[Found]) -> None:
        """Raise where the words around the answer say that it is none, or name another one."""
        if leads_astray(self.text[: claims[0].start]):
            raise AnswerError("The words before the answer take it back, or make it an example.")
        ends, starts = [each.end for each in claims], [each.start for each in claims[1:]]
        after = [self.text[end:start] for end, start in zip(ends, [*starts, len(self.text)], strict=True)]
        for words in [*after, *(comment for each in claims for comment in each.comments)]:
            if turns(words):
                raise AnswerError("The words after the answer take it back.")
            if self.kind.mentions(self.spec, words):
                raise AnswerError("The words after the answer name labels as well.")

    def _check_words_before(self, first: Found, answer: Answer) -> None:
        said = self.kind.said(self.spec, self.text[: first.start])
        if said is not None and self.kind.read(self.spec, said, self.input, []) != answer:
            raise AnswerError("The words before the JSON give another answer than the JSON.")
