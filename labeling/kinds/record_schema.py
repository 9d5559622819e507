"""The part of JSON schema that a record may ask for, read into a tree of fields.

Kept by three: a server's grammar while the model writes, the reader of answers, and the form in which people give them.
What one of the three cannot keep is refused, with the place as a JSON pointer (RFC 6901) into the schema.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.kinds.base import SchemaError, shown
from labeling.kinds.record_formats import FORMATS
from labeling.marks import neutralise

# Beyond these a form is no form, and a grammar takes a server seconds. 2,000 repetitions are what llama.cpp allows.
MAX_DEPTH, MAX_FIELDS, MAX_CHOICES, MAX_ITEMS, MAX_LENGTH = 5, 100, 500, 100, 2_000
# Where the schema says nothing: without a bound a small model never ends a list or a text.
ITEMS, LENGTH = 20, 500
# What JavaScript and the columns of tables hold without loss.
MAX_NUMBER = 2**53 - 1

_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_ABOUT = {"type", "title", "description", "$comment", "examples", "default", "$schema", "$id"}
_OWN: dict[str, set[str]] = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"minLength", "maxLength", "format"},
    "number": {"minimum", "maximum"},
    "integer": {"minimum", "maximum"},
    "boolean": set(),
    "null": set(),
}
# Why, of what people try.
_WHY = {
    "$ref": "write the schema out where it stands",
    "pattern": "use a format, an enum or a description",
    "exclusiveMinimum": "use minimum",
    "exclusiveMaximum": "use maximum",
    "multipleOf": "no grammar counts; use integer, or a description",
    "uniqueItems": "no grammar remembers; leave it out",
    "patternProperties": "name each key under properties",
    "anyOf": "use a list of types with null, or an enum",
    "oneOf": "use a list of types with null, or an enum",
    "allOf": "write the schema out",
    "nullable": 'use a list of types: ["string", "null"]',
    "prefixItems": "use an object with a key for each place",
}
_BAD_IN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|<\||\|>")


@dataclass(frozen=True)
class Field:
    """One place of a record. `kind` is a type, or `enum`; `least` and `most` bound numbers, lengths and lists alike."""

    name: str
    kind: str
    required: bool = True
    nullable: bool = False
    title: str = ""
    description: str = ""
    choices: tuple[Any, ...] = ()
    format: str = ""
    least: float | None = None
    most: float | None = None
    fields: "tuple[Field, ...]" = ()
    item: "Field | None" = None

    @property
    def label(self) -> str:
        """What people read beside it."""
        return self.title or self.name.replace("_", " ").strip().capitalize()

    @property
    def can_be_left_out(self) -> bool:
        """Whether an answer without it is one."""
        return self.nullable or not self.required

    def walk(self) -> "Iterator[Field]":
        """This field and all below."""
        yield self
        for inner in (*self.fields, *([self.item] if self.item else [])):
            yield from inner.walk()


def read_schema(schema: Any) -> Field:
    """The record that a schema asks for. Raises `SchemaError`."""
    if not isinstance(schema, dict) or schema.get("type") != "object" or not schema.get("properties"):
        raise SchemaError('A record needs a JSON schema: an object with "type": "object" and at least one property.')
    root = _field("", schema, "", required=True, depth=1)
    count = sum(1 for _ in root.walk()) - 1
    if count > MAX_FIELDS:
        raise SchemaError(f"The schema has {count} fields; at most {MAX_FIELDS} fit one form.")
    return root


def pointer(*parts: str | int) -> str:
    """A JSON pointer of names and numbers."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _fail(at: str, why: str) -> SchemaError:
    return SchemaError(f"The schema at {at or 'its root'}: {why}")


def _field(name: str, schema: Any, at: str, *, required: bool, depth: int) -> Field:
    if not isinstance(schema, dict):
        raise _fail(at, f"{shown(schema)} is no schema; write an object.")
    if depth > MAX_DEPTH + 1:
        raise _fail(at, f"it is nested too deeply; at most {MAX_DEPTH} levels fit a form.")
    about = {key: _text(schema, key, at) for key in ("title", "description")}
    if "enum" in schema or "const" in schema:
        return _choice(name, schema, at, required=required, **about)
    kind, nullable = _type(schema, at)
    _refuse_unknown(schema, _ABOUT | _OWN[kind], kind, at)
    common: dict[str, Any] = {"name": name, "kind": kind, "required": required, "nullable": nullable, **about}
    match kind:
        case "object":
            if nullable and not name and not at:
                raise _fail(at, "the record itself cannot be null.")
            return Field(**common, fields=_properties(schema, at, depth))
        case "array":
            least, most = _bounds(schema, "minItems", "maxItems", at, MAX_ITEMS, ITEMS)
            item = _field("", schema.get("items"), f"{at}/items", required=True, depth=depth + 1)
            if item.kind == "array" or item.nullable:
                raise _fail(f"{at}/items", "a list of lists or of nulls fits no form; put an object between.")
            return Field(**common, item=item, least=least, most=most)
        case "string":
            least, most = _bounds(schema, "minLength", "maxLength", at, MAX_LENGTH, LENGTH)
            return Field(**common, format=_format(schema, at), least=least, most=most)
        case "number" | "integer":
            low, high = (_number(schema, key, at, kind) for key in ("minimum", "maximum"))
            if low is not None and high is not None and low > high:
                raise _fail(f"{at}/maximum", f"{high} is less than the minimum {low}.")
            return Field(**common, least=low, most=high)
    return Field(**common)


def _type(schema: Mapping[str, Any], at: str) -> tuple[str, bool]:
    """The type, and whether it may be null."""
    said = schema.get("type")
    several = said if isinstance(said, list) else [said]
    for each in several:
        if each not in _TYPES:
            for key in sorted(set(schema) & set(_WHY)):
                raise _fail(f"{at}/{key}", f"{key} is not taken: {_WHY[key]}.")
            raise _fail(f"{at}/type", f"{shown(said)} is no type; use one of {', '.join(_TYPES)}.")
    kinds = [each for each in dict.fromkeys(several) if each != "null"]
    if len(kinds) != 1:
        raise _fail(f"{at}/type", "give one type, or one and null; a form has one field for it.")
    return str(kinds[0]), "null" in several


def _refuse_unknown(schema: Mapping[str, Any], known: set[str], kind: str, at: str) -> None:
    for key in schema:
        if key not in known:
            why = _WHY.get(key, f"of type {kind}, only {', '.join(sorted(known - _ABOUT)) or 'nothing'} is kept")
            raise _fail(f"{at}{pointer(key)}", f"{key} is not taken: {why}.")


def _properties(schema: Mapping[str, Any], at: str, depth: int) -> tuple[Field, ...]:
    """Those that are required first, as servers' grammars write them."""
    properties, required = schema.get("properties"), schema.get("required", [])
    if not isinstance(properties, dict) or not properties:
        raise _fail(f"{at}/properties", "an object needs at least one property.")
    if schema.get("additionalProperties", False) is not False:
        raise _fail(f"{at}/additionalProperties", "other keys have no field in a form; leave it out, or say false.")
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise _fail(f"{at}/required", "it is a list of names of properties.")
    for name in required:
        if name not in properties:
            raise _fail(f"{at}/required", f"{shown(name)} is no property.")
    found = []
    for name in sorted(properties, key=lambda name: name not in required):
        here = f"{at}{pointer('properties', name)}"
        _check_name(name, here)
        found.append(_field(name, properties[name], here, required=name in required, depth=depth + 1))
    return tuple(found)


def _check_name(name: str, at: str) -> None:
    if not name.strip() or name != name.strip() or len(name) > 60 or _BAD_IN_NAME.search(name) or name[0] == "/":
        raise _fail(at, "a name has 1 to 60 characters, no edge spaces, line breaks or chat marks, and no first slash.")
    if neutralise(name) != name:
        raise _fail(at, "models read this name as a mark of their own; rename it.")


def _choice(name: str, schema: Mapping[str, Any], at: str, *, required: bool, title: str, description: str) -> Field:
    _refuse_unknown(schema, _ABOUT | {"enum", "const"}, "enum", at)
    key = "enum" if "enum" in schema else "const"
    values = schema["enum"] if key == "enum" else [schema["const"]]
    if not isinstance(values, list) or not values or len(values) > MAX_CHOICES:
        raise _fail(f"{at}/{key}", f"give a list of 1 to {MAX_CHOICES} values.")
    for value in values:
        if not isinstance(value, str | int | float | bool | None):
            raise _fail(f"{at}/{key}", f"{shown(value)} is no single value; a form cannot offer it.")
        if value == "":
            raise _fail(f"{at}/{key}", "an empty text looks like no choice; name it, or use null.")
        if isinstance(value, str) and (_BAD_IN_NAME.search(value) or neutralise(value) != value):
            raise _fail(f"{at}/{key}", f"{shown(value)} has a line break or a mark of models; rename it.")
    choices = [value for value in values if value is not None]
    written = [str(value).strip().casefold() for value in choices]
    if len(set(written)) < len(written):
        raise _fail(f"{at}/{key}", "two values are written alike; keep one.")
    if "type" in schema:
        _type({"type": schema["type"]}, at)
    nullable = None in values
    return Field(name, "enum", required, nullable, title, description, choices=tuple(choices))


def _text(schema: Mapping[str, Any], key: str, at: str) -> str:
    said = schema.get(key, "")
    if not isinstance(said, str) or len(said) > 500 or _BAD_IN_NAME.search(said.replace("\n", " ")):
        raise _fail(f"{at}/{key}", "it is one text of at most 500 characters, without chat marks.")
    return " ".join(said.split())


def _bounds(schema: Mapping[str, Any], low: str, high: str, at: str, highest: int, usual: int) -> tuple[int, int]:
    least, most = schema.get(low, 0), schema.get(high)
    for key, value in ((low, least), (high, most)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= highest):
            raise _fail(f"{at}/{key}", f"{shown(value)} is no whole number from 0 to {highest}.")
    most = max(usual, least) if most is None else most
    if least > most:
        raise _fail(f"{at}/{high}", f"{most} is less than {low}, {least}.")
    return least, most


def _number(schema: Mapping[str, Any], key: str, at: str, kind: str) -> float | None:
    value = schema.get(key)
    if value is None and key not in schema:
        return None
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not isinstance(value, int | float) or (kind == "integer" and not whole):
        raise _fail(f"{at}/{key}", f"{shown(value)} is no {kind}.")
    if not abs(value) <= MAX_NUMBER:
        raise _fail(f"{at}/{key}", f"numbers go to {MAX_NUMBER}.")
    return int(value) if whole else value


def _format(schema: Mapping[str, Any], at: str) -> str:
    found = schema.get("format", "")
    if found and found not in FORMATS:
        raise _fail(f"{at}/format", f"{shown(found)} is not taken; use one of {', '.join(FORMATS)}.")
    if found and ({"minLength", "maxLength"} & set(schema)):
        raise _fail(f"{at}/format", "a format has its own length; leave minLength and maxLength out.")
    return str(found)
