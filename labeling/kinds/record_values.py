"""Records as values: read against the fields of a schema, with types mended, and every problem at its place."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from common.text import plain_lines, storable
from labeling.kinds.base import Answer, shown
from labeling.kinds.record_formats import FORMATS
from labeling.kinds.record_schema import MAX_NUMBER, Field, pointer
from labeling.kinds.spec import fold
from labeling.loose_json import Repeated

# Python writes a fraction in up to 21 digits, and a form sends it back so.
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_NULLS = {"null", "none", "n/a"}
_TRUTH = {"true": True, "false": False}


class Missing:
    """Nothing stands here."""


MISSING = Missing()


@dataclass
class Reader:
    """Reads one record. `problems` says by pointer why it is none; `repairs` what was mended; nothing is guessed.

    `drops_unknown`: keys that the schema does not know are left out (a model's), not refused (a person's).
    """

    drops_unknown: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    repairs: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def record(self, root: Field, value: Any) -> Answer:
        """The record as far as it could be read; it is one where there are no `problems`."""
        found = self.value(root, value, "")
        if self.unknown and self.drops_unknown:
            count = len(self.unknown)
            names = ", ".join(self.unknown[:3]) + (", ..." if count > 3 else "")
            self.repairs.append(f"{count} unknown key{'s' if count > 1 else ''} dropped: {names}")
        return found if isinstance(found, dict) else {}

    def value(self, at_field: Field, value: Any, at: str) -> Any:
        """What stands at a place, `MISSING` where that is nothing, or wrong."""
        if value is None and at_field.nullable:
            return None
        if value is None and not at_field.required:
            self.repairs.append(f"null at {at} left out")
            return MISSING
        if isinstance(value, str) and at_field.nullable and self._means_null(at_field, value):
            self.repairs.append(f"{value!r} at {at} read as null")
            return None
        match at_field.kind:
            case "object":
                return self._object(at_field, value, at)
            case "array":
                return self._array(at_field, value, at)
            case "enum":
                return self._choice(at_field, value, at)
        value = self._alone(value, at)
        match at_field.kind:
            case "string":
                return self._text(at_field, value, at)
            case "boolean":
                return self._truth(value, at)
            case _:
                return self._number(at_field, value, at)

    def _means_null(self, at_field: Field, value: str) -> bool:
        if value.strip().casefold() not in _NULLS:
            return False
        # A free text may say so; a choice, too, where it is one.
        return value not in at_field.choices and (at_field.kind != "string" or bool(at_field.format))

    def _problem(self, at: str, why: str) -> Missing:
        self.problems.setdefault(at, why)
        return MISSING

    def _alone(self, value: Any, at: str) -> Any:
        """A list of one thing is that thing, where one is asked for."""
        if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list | dict):
            self.repairs.append(f"a list of one at {at} taken as one value")
            return value[0]
        return value

    def _object(self, at_field: Field, value: Any, at: str) -> Any:
        if not isinstance(value, dict):
            return self._problem(at, f"an object is asked for, not {shown(value)}")
        if isinstance(value, Repeated):
            self.repairs.append("a key given twice taken once")
        names = self._names(at_field, value, at)
        found: Answer = {}
        for inner in at_field.fields:
            here = at + pointer(inner.name)
            if inner.name not in names:
                if inner.required:
                    self._problem(here, "it is missing")
                continue
            read = self.value(inner, value[names[inner.name]], here)
            if read is None and not inner.required:
                continue  # the same as leaving it out
            if not isinstance(read, Missing):
                found[inner.name] = read
        return found

    def _names(self, at_field: Field, value: dict[str, Any], at: str) -> dict[str, str]:
        """The keys of the object by the field that each stands for; in another spelling where only one is meant."""
        known = {inner.name for inner in at_field.fields}
        names = {key: key for key in value if key in known}
        folded: dict[str, list[str]] = {}
        for name in known - set(names):
            folded.setdefault(fold(name), []).append(name)
        for key in value:
            if key in known:
                continue
            close = folded.get(fold(key), [])
            if len(close) == 1 and close[0] not in names:
                names[close[0]] = key
                self.repairs.append(f"the key {key!r} read as {close[0]!r}")
            else:
                self.unknown.append(at + pointer(key))
                if not self.drops_unknown:
                    self._problem(at + pointer(key), "the schema has no such key")
        return names

    def _array(self, at_field: Field, value: Any, at: str) -> Any:
        item = at_field.item
        assert item is not None, "a list has items"
        if not isinstance(value, list):
            if isinstance(value, dict) != (item.kind == "object") or value is None:
                return self._problem(at, f"a list is asked for, not {shown(value)}")
            self.repairs.append(f"one value at {at} taken as a list")
            value = [value]
        least, most = int(at_field.least or 0), int(at_field.most or 0)
        if len(value) > most:
            return self._problem(at, f"{len(value)} are too many; at most {most} are asked for")
        if len(value) < least:
            self._problem(at, f"{len(value)} are too few; at least {least} are asked for")
        read = [self.value(item, each, at + pointer(number)) for number, each in enumerate(value)]
        return [each for each in read if not isinstance(each, Missing)]

    def _choice(self, at_field: Field, value: Any, at: str) -> Any:
        value = self._alone(value, at)
        for choice in at_field.choices:
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                return choice
        written = value if isinstance(value, str) else json.dumps(value)
        close = [choice for choice in at_field.choices if fold(_written(choice)) == fold(written)]
        if len(close) == 1 and not isinstance(value, list | dict):
            self.repairs.append(f"{value!r} at {at} read as {close[0]!r}")
            return close[0]
        return self._problem(at, f"{shown(value)} is none of the values that may stand here")

    def _truth(self, value: Any, at: str) -> Any:
        if isinstance(value, bool):
            return value
        found = _TRUTH.get(value.strip().casefold()) if isinstance(value, str) else None
        if found is None:
            return self._problem(at, f"true or false is asked for, not {shown(value)}")
        self.repairs.append(f"the text {value!r} at {at} read as {json.dumps(found)}")
        return found

    def _number(self, at_field: Field, value: Any, at: str) -> Any:
        what = "a whole number" if at_field.kind == "integer" else "a number"
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            self.repairs.append(f"the text {value!r} at {at} read as a number")
            value = float(value) if set(value) & set(".eE") else int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._problem(at, f"{what} is asked for, not {shown(value)}")
        if not abs(value) <= MAX_NUMBER:
            return self._problem(at, "the number is too large to be kept")
        value = int(value) if float(value).is_integer() else value
        if at_field.kind == "integer" and not isinstance(value, int):
            return self._problem(at, f"{what} is asked for, not {value}")
        if at_field.least is not None and value < at_field.least:
            return self._problem(at, f"{value} is less than {at_field.least}")
        if at_field.most is not None and value > at_field.most:
            return self._problem(at, f"{value} is more than {at_field.most}")
        return value

    def _text(self, at_field: Field, value: Any, at: str) -> Any:
        if isinstance(value, bool | int | float):
            self.repairs.append(f"{json.dumps(value)} at {at} read as a text")
            value = json.dumps(value)
        if not isinstance(value, str):
            return self._problem(at, f"a text is asked for, not {shown(value)}")
        text = plain_lines(storable(value)).strip()
        if at_field.format:
            form = FORMATS[at_field.format]
            return text if form.is_one(text) else self._problem(at, f"{shown(text)} is not written as {form.shown}")
        least, most = int(at_field.least or 0), int(at_field.most or 0)
        if len(text) > most:
            return self._problem(at, f"the text has {len(text)} characters; at most {most} are asked for")
        if len(text) < least:
            return self._problem(at, f"the text has {len(text)} characters; at least {least} are asked for")
        return text


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """The single values of a record, each with its pointer; lists by number. Null and empty ones give none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, at + pointer(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, at + pointer(number))
    elif value is not None and value != "":
        yield at, value
