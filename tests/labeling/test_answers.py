"""Model text to answer: strict, repaired, failed; over clean, mended, cut, hostile and real text."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import jsonl
from labeling.answers import ParsedAnswer, Status, parse
from labeling.kinds import LabelDef, Spec, dumps
from labeling.marks import neutralise
from tests.labeling.reading_cases import CASES, UNTIDY, Case

pytestmark = pytest.mark.pure

MULTI = Spec("multi_label", "Tag it.", tuple(map(LabelDef, ("refund", "card_arrival", "Größe", "other"))), max_labels=3)
SINGLE = Spec("single_label", "Pick one.", MULTI.labels)
TEXT = Spec("text", "Answer it.")

DATA = Path(os.environ.get("TOUCHSTONE_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def labels(raw: str, spec: Spec = MULTI) -> tuple[Any, str]:
    parsed = parse(raw, spec, None)
    return (parsed.answer or {}).get("labels"), parsed.status


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case.raw)[:40])
def test_the_table_holds(case: Case) -> None:
    parsed = case.read()
    assert (parsed.answer, parsed.status) == (case.expected, case.status)
    assert case.says in parsed.reason
    assert (parsed.reason == "") == (parsed.answer is not None)
    assert (parsed.repairs == ()) == (case.status != "repaired")


def test_untidy_answers_are_read() -> None:
    """The floor: whole but untidy answers that a person reads."""
    read = [case.read().answer == case.expected for case in UNTIDY]
    assert len(read) > 100
    assert sum(read) / len(read) >= 0.95


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ('{"labels": [NaN]}', "'NaN'"),
        ('{"labels": ["\\ud800"]}', "ud800"),
        ("[" * 10_000, "deeply"),
        ('{"labels": ' + "[" * 10_000 + "]" * 10_000 + "}", "deeply"),
        ('{"a":' * 10_000, "deeply"),
        ("[" + "[]," * 10_000, "more than 10000 brackets"),
        ("[" + "[]," * 9_999, "cut off"),
        ('5" wide: ' + "[" * 10_000 + "]" * 10_000, "deeply"),
        ("{'a':" * 64 + "1" + "}" * 64, "no key"),
        ("{'a':" * 65 + "1" + "}" * 65, "deeply"),
        ("'x" * 50_000, "No JSON"),
        ('{"labels": [' + "9" * 5000 + "]}", "999"),
    ],
)
def test_what_is_made_to_hurt_fails_and_says_why(raw: str, says: str) -> None:
    parsed = parse(raw, MULTI, None)
    assert (parsed.answer, parsed.status, parsed.repairs) == (None, Status.FAILED, ())
    assert says in parsed.reason
    parsed.reason.encode("utf-8")


def test_spelling_is_matched_only_where_it_means_one_label() -> None:
    spec = Spec("multi_label", "", (LabelDef("Red"), LabelDef("red"), LabelDef("a-b")))
    assert labels('{"labels": ["red"]}', spec) == (["red"], Status.STRICT)
    assert labels('{"labels": ["A B"]}', spec) == (["a-b"], Status.REPAIRED)
    assert "may mean" in parse('{"labels": ["RED"]}', spec, None).reason


def test_text_is_taken_as_it_stands() -> None:
    assert parse(" Hello.\n", TEXT, None) == ParsedAnswer({"text": "Hello."}, Status.STRICT)
    assert parse(" \n", TEXT, None).status == Status.FAILED
    assert parse("a\x00b", TEXT, None).status == Status.REPAIRED


PIECES = st.sampled_from(
    ['{"labels": [', '"refund"', "refund", "other", ",", "]", "}", "```json\n", "{", "[", "'", "“"]
)


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=12).map("".join)))
@example('{"labels": ["\ud800"]}')
@example("\x00")
def test_parse_never_raises_and_a_success_is_a_valid_answer(raw: str) -> None:
    for spec in (MULTI, SINGLE, TEXT):
        parsed = parse(raw, spec, None)
        assert (parsed.answer is None) == (parsed.status == Status.FAILED) == bool(parsed.reason)
        assert bool(parsed.repairs) == (parsed.status == Status.REPAIRED)
        if parsed.answer is not None:
            again = parse(dumps(spec, parsed.answer, None), spec, None)
            assert (again.answer, again.status) == (parsed.answer, Status.STRICT)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and neutralise(name) == name
)


@settings(deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.data())
def test_what_a_model_is_trained_to_write_is_read_strictly(names: list[str], data: st.DataObject) -> None:
    defs = tuple(map(LabelDef, names))
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True))
    multi, single = Spec("multi_label", "", defs), Spec("single_label", "", defs)
    expected = [name for name in names if name in chosen]
    assert parse(dumps(multi, {"labels": chosen}, None), multi, None) == ParsedAnswer(
        {"labels": expected}, Status.STRICT
    )
    assert parse(dumps(single, {"label": names[0]}, None), single, None) == ParsedAnswer(
        {"label": names[0]}, Status.STRICT
    )


def syntax_cases() -> list[bytes]:
    """The files of JSONTestSuite where they are at hand, else a handful of the same sort."""
    found = sorted((DATA / "json_test_suite").glob("test_*/*.json"))
    own = [b"[1,]", b"[NaN]", b'["\\uD800"]', b'{"a":1,"a":2}', b"[\xff]", b"[1e999]", b"\xef\xbb\xbf{}", b"[" * 9999]
    return [path.read_bytes() for path in found] or own


@pytest.mark.parametrize("content", syntax_cases(), ids=lambda content: repr(content[:12]))
def test_hard_json_neither_crashes_nor_passes(content: bytes) -> None:
    raw = content.decode("utf-8", "replace")
    for spec in (MULTI, SINGLE):
        for text in (raw, f'{{"labels": {raw}, "label": {raw}}}'):
            assert parse(text, spec, None).status == Status.FAILED or parse(text, spec, None).answer == {"labels": []}


def chatty_cases() -> list[tuple[str, str | None]]:
    """LangChain's fenced, chatty and cut-off model answers with the value of their key, or a few of our own.

    A cut one has none, which is where they are read otherwise than LangChain reads them.
    """
    found = DATA / "langchain_fenced_json" / "cases.jsonl"
    if not found.exists():
        return [
            ('```json\n{"foo": "bar"}\n```', "bar"),
            ('Action:\n```\n{"foo": "bar"\n```\nDone', "bar"),
            ('{"foo": "bar", "bar": "fo', None),
            ("hi", None),
        ]
    rows = [row for row in jsonl.read(found) if "foo" in (row["expected"] or {"foo": ""})]
    cut = {row["case"] for row in rows if row["kind"] == "partial"} - {"PARTIAL_0"} | {"WITHOUT_END_BRACKET"}
    return [(row["input"], None if row["case"] in cut else (row["expected"] or {}).get("foo")) for row in rows]


@pytest.mark.parametrize(("raw", "value"), chatty_cases())
def test_real_chatty_answers_are_read(raw: str, value: str | None) -> None:
    spec = Spec("single_label", "", (LabelDef(value or "bar"), LabelDef("unused")))
    parsed = parse(raw.replace('"foo"', '"label"'), spec, None)
    assert (parsed.answer or {}).get("label") == value
