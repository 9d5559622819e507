"""What models write for spans, and how it is read: strict, mended, or not at all."""

import json
import time
from typing import Any

import pytest

from labeling.answers import Status, keeps_form, parse
from labeling.kinds import LabelDef, Spec, json_schema

pytestmark = pytest.mark.pure

SPEC = Spec("spans", "Mark it.", (LabelDef("person"), LabelDef("place")))
TEXT = "Ana met Bo in New\nYork, and Ana left."


def found(raw: str, text: str = TEXT) -> list[tuple[str, int]]:
    answer = parse(raw, SPEC, text).answer
    assert answer is not None, parse(raw, SPEC, text).reason
    assert all(text[each["start"] : each["end"]] == each["text"] for each in answer["spans"])
    return [(each["label"], each["start"]) for each in answer["spans"]]


def quotes(*pairs: Any) -> str:
    return json.dumps({"spans": [dict(zip(("label", "text", "nth"), pair, strict=False)) for pair in pairs]})


@pytest.mark.parametrize(
    ("raw", "spans"),
    [
        (quotes(("person", "Ana"), ("person", "Bo")), [("person", 0), ("person", 8)]),
        (quotes(("person", "Ana"), ("person", "Ana")), [("person", 0), ("person", 28)]),
        (quotes(("person", "Ana", 2)), [("person", 28)]),
        (quotes(("place", "New\nYork"), ("person", "Ana")), [("place", 14), ("person", 28)]),
        (quotes(("person", "Ana"), ("place", "Ana")), [("person", 0), ("place", 0)]),
        ('{"spans": []}', []),
    ],
)
def test_a_strict_answer_quotes_in_the_order_of_the_text(raw: str, spans: Any) -> None:
    assert parse(raw, SPEC, TEXT).status == Status.STRICT
    assert found(raw) == spans


@pytest.mark.parametrize(
    ("raw", "spans", "note"),
    [
        (quotes(("place", "new york")), [("place", 14)], "quotes found in other letters: 'new york' as 'New\\nYork'"),
        (quotes(("person", " Bo ")), [("person", 8)], "white space around a quote"),
        (quotes(("person", "Ana"), ("person", "Cy")), [("person", 0)], "does not hold left out: 'Cy'"),
        (quotes(("person", "Bo"), ("person", "Ana"), ("person", "Ana")), [("person", 0), ("person", 8), ("person", 28)],
         "out of the order"),
        (quotes(("person", "Bo"), ("person", "Bo")), [("person", 8)], "a repeated span taken once"),
        (quotes(("person", "Bo", 4)), [("person", 8)], "taken for the last one"),
        (quotes(("Person", "Bo")), [("person", 8)], "'Person' read as 'person'"),
        ('[{"label": "person", "text": "Bo"}]', [("person", 8)], "a bare list"),
        ('{"spans": [["person", "Bo"]]}', [("person", 8)], "in another form"),
        ('{"spans": {"person": ["Ana", "Bo"], "place": "New York"}}',
         [("person", 0), ("person", 8), ("place", 14)], "under their labels"),
        ('{"person": ["Ana"], "place": []}', [("person", 0)], "under their labels"),
        ('{"entities": [{"entity_group": "person", "word": "Bo", "score": 1, "start": 3, "end": 5}]}',
         [("person", 8)], "'entities' read as 'spans'"),
        ('{"spans": {"label": "person", "text": "Bo"}}', [("person", 8)], "one span taken as a list"),
        ('{"spans": null}', [], "taken as no span"),
        ("None.", [], "read from words"),
        ('```json\n{"spans": [{"label": "person", "text": "Bo"}]}\n```', [("person", 8)], "fence"),
        ('Here: {"spans": [{"label": "person", "text": "Bo",}]}', [("person", 8)], "JSON found and mended"),
    ],
)  # fmt: skip
def test_what_is_nearly_right_is_mended_and_told(raw: str, spans: Any, note: str) -> None:
    parsed = parse(raw, SPEC, TEXT)
    assert (parsed.status, found(raw)) == (Status.REPAIRED, spans), parsed
    assert note in parsed.words


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (quotes(("person", "Cy"), ("person", "Di")), "does not hold 'Cy', nor anything else"),
        (quotes(("thing", "Bo")), "Unknown label 'thing'"),
        (quotes(("person", " ")), "neither places nor a text"),
        ('{"spans": [{"text": "Bo"}]}', "has no label"),
        ('{"spans": [{"label": "person", "start": 0, "end": 3}]}', "quotes nothing"),
        ('{"spans": "Bo"}', "not a list of spans"),
        (quotes(*[("person", "Bo")] * 201), "at most 200"),
        ('{"spans": [{"label": "person", "text": "Bo"}', "cut off"),
    ],
)
def test_what_gives_no_spans_has_failed(raw: str, why: str) -> None:
    parsed = parse(raw, SPEC, TEXT)
    assert parsed.status == Status.FAILED
    assert why in parsed.reason


def test_many_lost_quotes_are_told_in_short() -> None:
    raw = quotes(("person", "Bo"), *[("person", f"X{number}") for number in range(9)])
    assert "'X0', 'X1', 'X2' and 6 more" in parse(raw, SPEC, TEXT).words


def test_a_letter_that_stands_everywhere_costs_no_time() -> None:
    text = "a" * 100_000
    raw = quotes(*[("person", "a" * (number + 1)) for number in range(200)])
    start = time.process_time()
    assert len(found(raw, text)) == 200
    assert parse(quotes(*[("person", f"A{number}") for number in range(200)]), SPEC, text).status == Status.FAILED
    assert time.process_time() - start < 5
    start = time.process_time()
    assert len(found(quotes(*[("person", "a")] * 200), text)) == 200, "a small model that never ends its list"
    assert time.process_time() - start < 0.5


def test_the_schema_asks_for_quotes_with_known_labels_and_has_an_end() -> None:
    schema = json_schema(SPEC)
    assert schema is not None
    spans = schema["properties"]["spans"]
    assert spans["maxItems"] == 200
    assert spans["items"]["required"] == ["label", "text"]
    assert spans["items"]["properties"]["label"]["enum"] == ["person", "place"]


@pytest.mark.parametrize(
    ("raw", "keeps"),
    [
        (quotes(("person", "Nobody here")), True),
        (quotes(("thing", "Ana")), False),
        ('{"spans": [', False),
        ("[" * 99, False),
    ],
)
def test_the_form_is_kept_whatever_the_text_holds(raw: str, keeps: bool) -> None:
    assert keeps_form(raw, SPEC) is keeps


def test_the_form_of_free_text_is_a_text() -> None:
    assert [keeps_form(raw, Spec("text", "Answer it.")) for raw in ("Hi", " ")] == [True, False]
