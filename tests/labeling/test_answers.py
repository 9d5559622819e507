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

MULTI = Spec("multi_label", "Tag it.", tuple(map(LabelDef, ("refund", "card_arrival", "Größe", "other"))), max_labels=3)
SINGLE = Spec("single_label", "Pick one.", MULTI.labels)
TEXT = Spec("text", "Answer it.")

DATA = Path(os.environ.get("TOUCHSTONE_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def labels(raw: str, spec: Spec = MULTI) -> tuple[Any, str]:
    parsed = parse(raw, spec)
    return (parsed.answer or {}).get("labels"), parsed.status


@pytest.mark.parametrize(
    "raw",
    ['{"labels": ["refund", "other"]}', ' {"labels":["other","refund"]}\n', '{"labels": ["refund", "\\u006fther"]}'],
)
def test_clean_json_is_strict(raw: str) -> None:
    assert parse(raw, MULTI) == ParsedAnswer({"labels": ["refund", "other"]}, Status.STRICT)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('```json\n{"labels": ["refund"]}\n```', ["refund"]),
        ('Sure! Here it is: {"labels": ["refund"]} Hope it helps [1].', ["refund"]),
        ('[see] {"labels": ["refund"]}', ["refund"]),
        ('{"labels": ["refund"]} because {reasons', ["refund"]),
        ('{"labels": ["refund", "other",]}', ["refund", "other"]),
        ('{"labels": ["refund", "other"', ["refund", "other"]),
        ('{"labels": ["refund", "other', ["refund", "other"]),
        ("{'labels': ['refund']}", ["refund"]),
        ("{“labels”: [“refund”]}", ["refund"]),
        ("{labels: [refund, other]}", ["refund", "other"]),
        ('{"labels": ["Card Arrival", "GRÖSSE"]}', ["card_arrival", "Größe"]),
        ('{"labels": ["other", "other", "refund"]}', ["refund", "other"]),
        ('{"Labels": ["refund"]}', ["refund"]),
        ('{"tags": ["refund"]}', ["refund"]),
        ('{"labels": ["refund"], "why": "money"}', ["refund"]),
        ('{"labels": ["refund"], "labels": ["refund"]}', ["refund"]),
        ('{"labels": ["refund"]}\n{"labels": ["refund"]}', ["refund"]),
        ('{"labels": "refund"}', ["refund"]),
        ('["refund"]', ["refund"]),
        ('"refund"', ["refund"]),
        ("refund", ["refund"]),
        ("**", None),
        ('\ufeff{"labels": []}', []),
        ('[{"labels": []}]', []),
    ],
)
def test_near_misses_are_repaired_and_say_how(raw: str, expected: list[str] | None) -> None:
    parsed = parse(raw, MULTI)
    if expected is None:
        assert parsed.status == Status.FAILED
    else:
        assert (parsed.answer, parsed.status) == ({"labels": expected}, Status.REPAIRED)
        assert parsed.repairs


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("I would say it is about money.", "No JSON"),
        ('{"labels": ["money"]}', "'money'"),
        ('{"labels": ["refund", "mon', "'mon'"),
        ('{"labels": ["refund", "other", "Größe", "card_arrival"]}', "at most 3"),
        ('{"labels": [NaN]}', "'NaN'"),
        ('{"labels": [1]}', "1 is not"),
        ('{"labels": null}', "None"),
        ('{"labels": [["refund"]]}', "not the name"),
        ('{"labels": ["refund"], "labels": ["other"]}', "twice"),
        ('{"labels": ["refund"]} {"labels": ["other"]}', "2 different answers"),
        ('{"a": 1, "b": 2}', "no key 'labels'"),
        ("{}", "no key"),
        ("null", "None"),
        ('{"labels": ["\\ud800"]}', "ud800"),
        ("[" * 10_000, "deeply"),
        ('{"labels": ' + "[" * 10_000 + "]" * 10_000 + "}", "deeply"),
        ('{"a":' * 10_000, "deeply"),
        ("'x" * 50_000, "longer than"),
        ('{"labels": [' + "9" * 5000 + "]}", "longer than"),
    ],
)
def test_what_cannot_be_read_fails_and_says_why(raw: str, says: str) -> None:
    parsed = parse(raw, MULTI)
    assert (parsed.answer, parsed.status, parsed.repairs) == (None, Status.FAILED, ())
    assert says in parsed.reason
    parsed.reason.encode("utf-8")


def test_spelling_is_matched_only_where_it_means_one_label() -> None:
    spec = Spec("multi_label", "", (LabelDef("Red"), LabelDef("red"), LabelDef("a-b")))
    assert labels('{"labels": ["red"]}', spec) == (["red"], Status.STRICT)
    assert labels('{"labels": ["A B"]}', spec) == (["a-b"], Status.REPAIRED)
    assert "may mean" in parse('{"labels": ["RED"]}', spec).reason


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ('{"label": "refund"}', Status.STRICT),
        ('{"label": ["refund"]}', Status.REPAIRED),
        ('{"label": "Refund"}', Status.REPAIRED),
        ('["refund", "refund"]', Status.REPAIRED),
        ("`refund`", Status.REPAIRED),
        ('{"label": ["refund", "other"]}', Status.FAILED),
        ('{"label": []}', Status.FAILED),
        ('{"labels": "refund"}', Status.REPAIRED),
    ],
)
def test_one_label(raw: str, status: Status) -> None:
    parsed = parse(raw, SINGLE)
    assert parsed.status == status
    assert parsed.answer == (None if status == Status.FAILED else {"label": "refund"})


def test_text_is_taken_as_it_stands() -> None:
    assert parse(" Hello.\n", TEXT) == ParsedAnswer({"text": "Hello."}, Status.STRICT)
    assert parse(" \n", TEXT).status == Status.FAILED
    assert parse("a\x00b", TEXT).status == Status.REPAIRED


PIECES = st.sampled_from(
    ['{"labels": [', '"refund"', "refund", "other", ",", "]", "}", "```json\n", "{", "[", "'", "“"]
)


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=12).map("".join)))
@example('{"labels": ["\ud800"]}')
@example("\x00")
def test_parse_never_raises_and_a_success_is_a_valid_answer(raw: str) -> None:
    for spec in (MULTI, SINGLE, TEXT):
        parsed = parse(raw, spec)
        assert (parsed.answer is None) == (parsed.status == Status.FAILED) == bool(parsed.reason)
        assert bool(parsed.repairs) == (parsed.status == Status.REPAIRED)
        if parsed.answer is not None:
            again = parse(dumps(spec, parsed.answer), spec)
            assert (again.answer, again.status) == (parsed.answer, Status.STRICT)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and "<|" not in name and "|>" not in name
)


@settings(deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.data())
def test_what_a_model_is_trained_to_write_is_read_strictly(names: list[str], data: st.DataObject) -> None:
    defs = tuple(map(LabelDef, names))
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True))
    multi, single = Spec("multi_label", "", defs), Spec("single_label", "", defs)
    expected = [name for name in names if name in chosen]
    assert parse(dumps(multi, {"labels": chosen}), multi) == ParsedAnswer({"labels": expected}, Status.STRICT)
    assert parse(dumps(single, {"label": names[0]}), single) == ParsedAnswer({"label": names[0]}, Status.STRICT)


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
            assert parse(text, spec).status == Status.FAILED or parse(text, spec).answer == {"labels": []}


def chatty_cases() -> list[tuple[str, str | None]]:
    """LangChain's fenced, chatty and cut-off model answers with the value of their first key, or a few of our own."""
    found = DATA / "langchain_fenced_json" / "cases.jsonl"
    if not found.exists():
        return [
            ('```json\n{"foo": "bar"}\n```', "bar"),
            ('Action:\n```\n{"foo": "bar"\n```\nDone', "bar"),
            ("hi", None),
        ]
    rows = [row for row in jsonl.read(found) if "foo" in row["input"] or row["kind"] == "must_fail"]
    return [(row["input"], (row["expected"] or {}).get("foo")) for row in rows]


@pytest.mark.parametrize(("raw", "value"), chatty_cases())
def test_real_chatty_answers_are_read(raw: str, value: str | None) -> None:
    spec = Spec("single_label", "", (LabelDef(value or "bar"), LabelDef("unused")))
    parsed = parse(raw.replace('"foo"', '"label"'), spec)
    assert (parsed.answer or {}).get("label") == value
