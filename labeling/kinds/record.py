"""An object by the project's own JSON schema."""

import json
from functools import lru_cache
from typing import Any

from labeling.kinds.base import Answer, AnswerError, Entered, Kind, NoLongerFitsError
from labeling.kinds.change import Change
from labeling.kinds.inputs import Input
from labeling.kinds.phrases import ANSWERING
from labeling.kinds.record_carrying import carried_record, known_part
from labeling.kinds.record_form import RAW, THERE, Shown, is_typed, typed_in, typed_of, value_of
from labeling.kinds.record_grammar import grammar_schema
from labeling.kinds.record_schema import Field, read_schema
from labeling.kinds.record_values import Reader, leaves
from labeling.kinds.record_words import described, in_words, place, said_values, shape
from labeling.kinds.spec import Spec, fold

EXAMPLE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sender": {"type": "string", "description": "Who wrote it, as the text names them."},
        "topic": {"enum": ["order", "complaint", "question"]},
        "due": {"type": ["string", "null"], "format": "date", "title": "Answer by"},
        "amount": {"type": "number", "minimum": 0},
        "items": {
            "type": "array",
            "maxItems": 10,
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
                "required": ["name", "count"],
            },
        },
    },
    "required": ["sender", "topic", "due"],
}
_WRAPPING = ANSWERING | {"record", "data", "json", "object"}
_MOST_SAID = 12
_LINE = 160


class Record(Kind):
    """The object itself: required keys first, then those that may be left out, each in the schema's order."""

    name = "record"
    title = "Record"
    about = "Fields that you name: amounts, dates, names, choices, lists of rows."
    has_schema = True
    schema_example = EXAMPLE
    scripts = ("js/record.js",)
    style = "css/record.css"
    nothing_given = "Nothing is filled in. Fill in what the text says, or save once more if it says nothing."

    def check(self, spec: Spec) -> None:
        """The schema must be one that a grammar, the reader and the form can keep."""
        _root(spec)

    def schema(self, spec: Spec) -> dict[str, Any]:
        """The project's schema with every bound said."""
        return grammar_schema(_root(spec))

    def canonical(self, spec: Spec, value: Any, input: Input | None) -> Answer:
        """Takes what the form sent, and JSON as a text, too; types are mended, unknown keys refused."""
        root = _root(spec)
        value = _value(root, value)
        reader = Reader()
        return _whole(reader, reader.record(root, value))

    def read(self, spec: Spec, value: Any, input: Input | None, repairs: list[str]) -> Answer:
        """Mends types and spelling, drops keys that nobody asked for, and guesses nothing."""
        root = _root(spec)
        value = self._unwrapped(root, value, repairs)
        reader = Reader(drops_unknown=True, repairs=repairs)
        return _whole(reader, reader.record(root, value))

    def _unwrapped(self, root: Field, value: Any, repairs: list[str]) -> Any:
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            repairs.append("one record taken out of a list")
            value = value[0]
        if isinstance(value, dict) and len(value) == 1 and not _knows(root, value):
            ((name, inner),) = value.items()
            if isinstance(inner, dict) and fold(name) in _WRAPPING:
                repairs.append(f"the record taken out of the key {name!r}")
                return inner
        return value

    def claims(self, spec: Spec, value: Any) -> bool:
        """An object with one of the keys, or one around such."""
        value = self._unwrapped(_root(spec), value, [])
        return isinstance(value, dict) and _knows(_root(spec), value)

    def dumps(self, spec: Spec, answer: Answer, input: Input | None) -> str:
        """In the order of the schema, which databases do not keep."""
        return json.dumps(answer, ensure_ascii=False)

    def prompt_lines(self, spec: Spec) -> list[str]:
        """The shape of the record in one line, and what is said of its fields."""
        root = _root(spec)
        return [f"Answer in JSON, ? marks what may be left out: {shape(root)}", *described(root)]

    def is_empty(self, answer: Answer) -> bool:
        """No value anywhere; false says nothing that a box left alone does not."""
        return all(value is False for _, value in leaves(answer))

    def line(self, answer: Answer) -> str:
        """The values by name, in short."""
        if RAW in answer:
            return str(answer[RAW])[:_LINE]
        typed = {at: value for at, value in answer.items() if value and not at.endswith(THERE)}
        said = (f"{place(at)}: {in_words(value)}" for at, value in typed.items())
        text = ", ".join(said if is_typed(answer) else said_values(answer))
        return f"{text[: _LINE - 3]}..." if len(text) > _LINE else text or "nothing filled in"

    def entered(self, fields: Entered) -> Any:
        """What stands in the fields, by pointer."""
        return typed_in(fields)

    def shown_again(self, spec: Spec, entered: Any) -> Answer | None:
        """The record where it is one, else all that was typed."""
        try:
            return self.canonical(spec, entered, None)
        except AnswerError:
            return entered if isinstance(entered, dict) else None

    def fields(
        self, spec: Spec, proposal: Answer | None, current: Answer | None, input: Input | None
    ) -> dict[str, Any]:
        """The widgets, and the record as raw JSON; where what stands there was refused, why, at each place."""
        root, typed, raw, problems = _root(spec), typed_of(current or {}), "", dict[str, str]()
        if current is not None and is_typed(current):
            typed, reader = dict(current), Reader()
            raw = typed.get(RAW, "")
            try:
                value = value_of(root, current)
            except AnswerError:
                typed = typed_of(proposal or {})
            else:
                reader.record(root, value)
                problems = reader.problems
                typed = typed_of(value) if raw else typed
        elif current is not None:
            current = self._ordered(root, current)
        shown = Shown(typed, typed_of(proposal or {}), problems)
        was = "" if current is None or is_typed(current) else json.dumps(current, ensure_ascii=False, indent=2)
        return {
            "widgets": shown.widget(root).children,
            "raw": raw or was,
            "raw_was": "" if raw else was,
            "before": json.dumps(typed_of(proposal or {})),
            "is_raw": bool(raw),
            "has_proposal": proposal is not None,
            "unplaced": {at: why for at, why in problems.items() if at == ""},
        }

    def _ordered(self, root: Field, answer: Answer) -> Answer:
        return Reader(drops_unknown=True).record(root, answer)

    def difference(self, one: Answer, other: Answer) -> str:
        """Place by place: what became another, what was added, and what taken away."""
        before, after = dict(leaves(one)), dict(leaves(other))
        said = []
        for at in dict.fromkeys([*before, *after]):
            if at not in after:
                said.append(f"{place(at)}: {in_words(before[at])} taken away.")
            elif at not in before:
                said.append(f"{place(at)}: {in_words(after[at])} added.")
            elif before[at] != after[at] or isinstance(before[at], bool) != isinstance(after[at], bool):
                said.append(f"{place(at)}: {in_words(before[at])} became {in_words(after[at])}.")
        more = [f"And {len(said) - _MOST_SAID} more."] if len(said) > _MOST_SAID else []
        return " ".join([*said[:_MOST_SAID], *more])

    def carry(self, change: Change, answer: Answer) -> Answer:
        """Raises where a value is no longer allowed, or one is asked for that was not."""
        return carried_record(_root(change.asked), answer)

    def carry_reading(self, change: Change, answer: Answer) -> Answer:
        """Without the fields that are gone; what may no longer be said stays, and so counts as wrong."""
        try:
            return carried_record(_root(change.asked), answer)
        except NoLongerFitsError:
            return dict(known_part(_root(change.asked), answer))


@lru_cache(maxsize=64)
def _root(spec: Spec) -> Field:
    return read_schema(spec.schema)


def _value(root: Field, value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], dict | str):
        value = value[0]
    if isinstance(value, str):
        return value_of(root, {RAW: value})
    return value_of(root, value) if is_typed(value) else value


def _whole(reader: Reader, record: Answer) -> Answer:
    """The record, where nothing is wrong with it. Raises `AnswerError` with the places."""
    if reader.problems:
        said = [f"{at or 'The record'}: {why}." for at, why in list(reader.problems.items())[:3]]
        more = len(reader.problems) - len(said)
        raise AnswerError(" ".join([*said, *([f"And {more} more."] if more else [])]))
    return record


def _knows(root: Field, value: dict[str, Any]) -> bool:
    known = {fold(inner.name) for inner in root.fields}
    return any(fold(key) in known for key in value)
