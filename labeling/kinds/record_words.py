"""Records in words: their schema as prompts show it, in one line that no answer can be taken for, and their values."""

import json
from collections.abc import Iterator
from typing import Any

from labeling.kinds.record_formats import FORMATS
from labeling.kinds.record_schema import LENGTH, Field, pointer
from labeling.kinds.record_values import leaves


def shape(field: Field) -> str:
    """`{"total": number 0 to 100, "note"?: text or null}`."""
    said = _bare(field)
    return f"{said} or null" if field.nullable else said


def _bare(field: Field) -> str:
    match field.kind:
        case "object":
            pairs = (
                f"{json.dumps(inner.name, ensure_ascii=False)}{'' if inner.required else '?'}: {shape(inner)}"
                for inner in field.fields
            )
            return f"{{{', '.join(pairs)}}}"
        case "array":
            assert field.item is not None, "a list has items"
            least, most = int(field.least or 0), int(field.most or 0)
            return f"[{shape(field.item)}, {f'{least} to {most}' if least else f'at most {most}'}]"
        case "enum":
            return " | ".join(json.dumps(choice, ensure_ascii=False) for choice in field.choices)
        case "boolean":
            return "true | false"
        case "string":
            return _text(field)
    number = "whole number" if field.kind == "integer" else "number"
    low, high = field.least, field.most
    if low is not None and high is not None:
        return f"{number} {low} to {high}"
    return f"{number} {low} or more" if low is not None else f"{number} {high} or less" if high is not None else number


def _text(field: Field) -> str:
    if field.format:
        return f"{field.format} ({FORMATS[field.format].shown})"
    return f"text of at most {field.most} characters" if field.most != LENGTH else "text"


def described(field: Field, at: str = "") -> list[str]:
    """What is said of the fields below, each by its place; titles are for people's forms."""
    lines = []
    for inner in field.fields:
        here = at + pointer(inner.name)
        lines += [f"{here[1:]}: {inner.description}"] if inner.description else []
        lines += described(inner, here)
        if inner.item:
            lines += described(inner.item, here)
    return lines


def said_values(answer: Any) -> Iterator[str]:
    """The single values with their places: `total: 30.5`, `lines 1 sku: nail`."""
    return (f"{place(at)}: {in_words(value)}" for at, value in leaves(answer))


def place(at: str) -> str:
    """A pointer as people read it, rows counted from one: `lines 2 sku`."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in at.split("/")[1:]]
    return " ".join(str(int(part) + 1) if part.isdecimal() and len(part) < 5 else part for part in parts)


def in_words(value: Any) -> str:
    """A single value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = " ".join(value.split()) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
