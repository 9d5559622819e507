"""A record as a form: its fields as widgets, and what was typed into them as a value again.

What was typed is an object of texts by JSON pointer (no name of a field begins with a slash); `RAW` holds raw JSON that
goes before the fields. Rows of a list that nobody filled in give nothing.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from common import jsonbounds
from labeling.kinds.base import AnswerError, Entered
from labeling.kinds.record_formats import FORMATS
from labeling.kinds.record_schema import LENGTH, MAX_DEPTH, Field, pointer
from labeling.kinds.record_values import MISSING, Missing, leaves

RAW = "/"
# What the box holds whose object may be left out, behind the object's own pointer.
THERE = "/~there"
# In the pattern of a row, the place of its number, with the depth of the list; no name has a bare tilde.
PLACE = "~n"
# Rows to fill in where there is no script to add any.
SPARE = 2
_LONG = 80
# Parts of a pointer, more than any schema has: whoever sends longer ones costs no more.
_DEEPEST = 3 * MAX_DEPTH

Typed = dict[str, str]


def _may_be_negative(field: Field) -> bool:
    """Phones' keyboards of digits have no minus."""
    return field.least is None or field.least < 0


@dataclass(frozen=True)
class Widget:
    """One place of the form. `rows` are those of a list, `pattern` a new one; `children` are an object's."""

    field: Field
    at: str
    value: str = ""
    proposed: str = ""
    error: str = ""
    is_there: bool = True
    children: "tuple[Widget, ...]" = ()
    rows: "tuple[Widget, ...]" = ()
    pattern: "Widget | None" = None
    depth: int = 0
    number: str = ""
    is_spare: bool = False

    @property
    def id(self) -> str:
        """What labels and errors refer to."""
        return "record" + "".join(char if char.isalnum() or char in "~n" else f"-{ord(char):x}" for char in self.at)

    @property
    def name(self) -> str:
        """The field's name as people read it, with the number of its row."""
        return self.field.label or f"No. {self.number}"

    @property
    def input(self) -> str:
        """The type of the input. Only a date's own: the others would drop what they do not take, or keep it from us."""
        return "date" if self.field.format == "date" else "text"

    @property
    def mode(self) -> str:
        """The keyboard that phones show."""
        if self.field.kind in ("number", "integer"):
            digits = "numeric" if self.field.kind == "integer" else "decimal"
            return "text" if _may_be_negative(self.field) else digits
        return FORMATS[self.field.format].mode if self.field.format else "text"

    @property
    def is_long(self) -> bool:
        """Whether a text takes more than a line: its schema says so, or it has several."""
        if self.field.kind != "string" or self.field.format:
            return False
        most = int(self.field.most or 0)
        return "\n" in self.value or (most > _LONG and most != LENGTH)

    @property
    def options(self) -> list[tuple[str, str]]:
        """What a select offers: the value as it is sent, and as it is read."""
        if self.field.kind == "boolean":
            return [("true", "yes"), ("false", "no")]
        return [(as_typed(choice), as_typed(choice)) for choice in self.field.choices]

    @property
    def hint(self) -> str:
        """What may stand here, in a few words."""
        low, high = self.field.least, self.field.most
        if self.field.format:
            return "" if self.input == "date" else FORMATS[self.field.format].shown
        if self.field.kind in ("number", "integer"):
            said = {(True, True): f"{low} to {high}", (True, False): f"{low} or more", (False, True): f"{high} or less"}
            return said.get((low is not None, high is not None), "")
        return ""

    @property
    def there(self) -> str:
        """The name of the box that says that there is such an object."""
        return self.at + THERE


@dataclass(frozen=True)
class Shown:
    """What widgets are made from: what stands in the form by pointer, what was proposed, what is wrong."""

    typed: Mapping[str, str]
    proposed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _filled(self) -> "Filled":
        return Filled(self.typed)

    def widget(self, at_field: Field, at: str = "", *, depth: int = 0, number: str = "", spare: bool = False) -> Widget:
        """The widget of a field at a place."""
        common: dict[str, Any] = {"field": at_field, "at": at, "depth": depth, "number": number, "is_spare": spare}
        common["error"] = self.problems.get(at, "")
        if at_field.kind == "object":
            children = tuple(self.widget(inner, at + pointer(inner.name), depth=depth) for inner in at_field.fields)
            there = not at_field.can_be_left_out or at in self._filled.places
            return Widget(**common, children=children, is_there=there)
        if at_field.kind == "array":
            return self._list(at_field, at, common)
        return Widget(**common, value=self.typed.get(at, ""), proposed=self.proposed.get(at, ""))

    def _list(self, at_field: Field, at: str, common: dict[str, Any]) -> Widget:
        item, depth = at_field.item, common["depth"]
        assert item is not None, "a list has items"
        numbers = sorted(self._filled.rows[at])
        least, most = int(at_field.least or 0), int(at_field.most or 0)
        first = max(numbers, default=-1) + 1
        wanted = min(max(SPARE, least - len(numbers)), max(0, most - len(numbers)))
        spare = list(range(first, first + wanted))
        rows = [
            self.widget(item, at + pointer(each), depth=depth + 1, number=str(shown), spare=each in spare)
            for shown, each in enumerate([*numbers, *spare], start=1)
        ]
        blank = Shown({}).widget(item, f"{at}/{PLACE}{depth}", depth=depth + 1, number=f"{PLACE}{depth}")
        return Widget(**common, rows=tuple(rows), pattern=blank)


def is_typed(value: Any) -> bool:
    """Whether it is what a form sent, and no record."""
    return isinstance(value, dict) and bool(value) and all(isinstance(key, str) and key[:1] == "/" for key in value)


def typed_in(fields: Entered) -> Typed:
    """The fields of a record among all that a form sent; raw JSON where that was changed."""
    raw, before = (next(iter(fields.get(name, ())), "").replace("\r\n", "\n").strip() for name in ("raw", "raw_was"))
    if raw and raw != before:
        return {RAW: raw}
    found = {name: values[-1] for name, values in fields.items() if name[:1] == "/" and name != RAW and values}
    return found or {RAW: "{}"}


def as_typed(value: Any) -> str:
    """A single value as a field holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def typed_of(value: Any) -> Typed:
    """A record as a form would send it."""
    return {at: as_typed(each) for at, each in leaves(value)}


def value_of(root: Field, typed: Mapping[str, str]) -> Any:
    """What was typed, as a value that is still to be read. Raises `AnswerError` where raw JSON is none."""
    if RAW in typed:
        try:
            return jsonbounds.loads(typed[RAW])
        except jsonbounds.JsonBoundsError as error:
            raise AnswerError(f"The JSON cannot be read: {error}.") from error
        except ValueError as error:
            raise AnswerError(f"The JSON cannot be read: {_place(error)}.") from error
    found = _value(root, typed, "", Filled(typed))
    return {} if isinstance(found, Missing) else found


def _place(error: ValueError) -> str:
    at = (getattr(error, "lineno", None), getattr(error, "colno", None))
    return str(error) if None in at else f"line {at[0]}, column {at[1]}: {getattr(error, 'msg', error)}"


def _value(at_field: Field, typed: Mapping[str, str], at: str, filled: "Filled") -> Any:
    match at_field.kind:
        case "object":
            if at and at not in filled.places and (at_field.can_be_left_out or not at_field.name):
                return _nothing(at_field)
            pairs = {inner.name: _value(inner, typed, at + pointer(inner.name), filled) for inner in at_field.fields}
            return {name: value for name, value in pairs.items() if not isinstance(value, Missing)}
        case "array":
            assert at_field.item is not None, "a list has items"
            found = [_value(at_field.item, typed, at + pointer(row), filled) for row in sorted(filled.rows[at])]
            kept = [each for each in found if not isinstance(each, Missing)]
            return kept if kept or not at_field.can_be_left_out else _nothing(at_field)
        case "boolean" if not at_field.can_be_left_out:
            return typed.get(at, "false")
    said = typed.get(at, "").strip()
    return said or _nothing(at_field)


def _nothing(at_field: Field) -> Any:
    """What an empty field gives: null where it must be there."""
    return None if at_field.required and at_field.nullable else MISSING


class Filled:
    """Read once, as forms are long: the `places` at or below which anything was typed, or whose box says that they are
    there, and by list the numbers of the `rows` that were filled in.
    """

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.places = set[str]()
        self.rows = defaultdict[str, set[int]](set)
        for name in (name for name, value in typed.items() if value.strip()):
            at = ""
            for part in name.split("/", _DEEPEST)[1:]:
                if part.isdecimal() and len(part) < 5:
                    self.rows[at].add(int(part))
                at += f"/{part}"
                self.places.add(at)
