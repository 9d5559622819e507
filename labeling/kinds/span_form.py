"""Spans as people see and give them: rows of a list, a short line, and what differs."""

from itertools import zip_longest
from typing import Any

from labeling.kinds.base import Entered
from labeling.kinds.quotes import Span

_BLANK_ROWS = 3
_LONGEST = 40
_FIELDS = {"label": "span_label", "text": "span_text", "start": "span_start", "end": "span_end"}


def entered_spans(fields: Entered) -> list[dict[str, Any]]:
    """The rows that say anything, without those that are ticked to be removed. Numbers are numbers."""
    gone = set(fields.get("span_gone", ()))
    columns = [fields.get(name, ()) for name in _FIELDS.values()]
    rows = [dict(zip(_FIELDS, row, strict=True)) for row in zip_longest(*columns, fillvalue="")]
    kept = [row for number, row in enumerate(rows) if str(number) not in gone and any(map(str.strip, row.values()))]
    return [{name: _typed(name, value) for name, value in row.items() if value.strip()} for row in kept]


def _typed(name: str, value: str) -> Any:
    is_number = name in ("start", "end") and value.strip().isdecimal() and len(value) < 12
    return int(value) if is_number else value


def rows_of(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the rows of the form show: these spans, then blank ones."""
    shown = [{name: span.get(name, "") for name in _FIELDS} for span in spans if isinstance(span, dict)]
    return [*shown, *(dict.fromkeys(_FIELDS, "") for _ in range(_BLANK_ROWS))]


def said_span(span: dict[str, Any]) -> str:
    """A span in a few words; one that is not checked yet, too."""
    quote = " ".join(str(span.get("text", "")).split())
    short = quote if len(quote) <= _LONGEST else f"{quote[: _LONGEST - 1]}…"
    return f"{span.get('label', '?')}: {short}"


def changed(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> str:
    """What leads from one list of stored spans to the other, in words; empty where they say the same."""
    before, after = (
        {Span(each["start"], each["end"], each["label"]): each for each in spans} for spans in (one, other)
    )
    gone = [span for span in before if span not in after]
    new = [span for span in after if span not in before]
    renamed: dict[Span, Span] = {}
    for span in gone:
        same = next((each for each in new if each[:2] == span[:2] and each not in renamed.values()), None)
        if same is not None:
            renamed[span] = same
    said = {
        "Relabelled": [f"{said_span(before[span])} as {same.label}" for span, same in renamed.items()],
        "Added": [said_span(after[span]) for span in new if span not in renamed.values()],
        "Taken away": [said_span(before[span]) for span in gone if span not in renamed],
    }
    return " ".join(f"{words}: {', '.join(spans)}." for words, spans in said.items() if spans)
