"""Marks of pieces of a text as other tools lay them out, as an answer with places that count code points."""

from collections.abc import Iterable, Iterator
from typing import Any

from common.text import plain_lines, storable
from labeling.formats.shapes import ShapeError
from labeling.kinds.span_reading import KEY

_BROKEN = "One of its spans is not whole: a begin, an end and a label are wanted."


def marks_of(text: Any, spans: Iterable[Any]) -> dict[str, Any]:
    """The answer that these spans make: (begin, end, label), or objects that say so. Raises `ShapeError`."""
    if not isinstance(text, str):
        raise ShapeError("It marks spans, and has no text.")
    return {KEY: [mark for span in spans for mark in _marks(text, span)]}


def _marks(text: str, span: Any) -> Iterator[dict[str, Any]]:
    if isinstance(span, list | tuple) and len(span) == 3:
        span = {"start": span[0], "end": span[1], "label": span[2]}
    if not isinstance(span, dict):
        raise ShapeError(_BROKEN)
    start, end = (span.get(name, span.get(f"{name}_offset")) for name in ("start", "end"))
    labels = span.get("labels", span.get("label"))
    names = labels if isinstance(labels, list) else [labels]
    if not isinstance(start, int) or not isinstance(end, int) or not names or not all(map(_is_name, names)):
        raise ShapeError(_BROKEN)
    place = _place(text, start, end, span.get("text"))
    yield from ({"label": name, **place} for name in names)


def _is_name(label: Any) -> bool:
    return isinstance(label, str) and label != ""


def _place(text: str, start: int, end: int, quote: Any) -> dict[str, Any]:
    """The place in the text as it is stored; what is quoted beside it decides what was counted."""
    if isinstance(quote, str) and text[start:end] != quote:
        start, end = _of_utf16(text, start, end, quote)
    before, piece = plain_lines(storable(text[:start])), plain_lines(storable(text[start:end]))
    return {"start": len(before), "end": len(before) + len(piece), "text": piece}


def _of_utf16(text: str, start: int, end: int, quote: str) -> tuple[int, int]:
    """Label Studio counted as JavaScript does until 1.4, and some still do: pairs for what is beyond 65,535."""
    units = text.encode("utf-16-le")
    found = tuple(len(units[: 2 * at].decode("utf-16-le", "replace")) for at in (start, end))
    if text[found[0] : found[1]] != quote:
        raise ShapeError(f"One of its spans is {quote[:60]!r}, which characters {start} to {end} of the text are not.")
    return found[0], found[1]
