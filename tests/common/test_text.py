"""Normal forms of texts with more marks than any writing has."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.text import _PLANES, MOST_MARKS, Characters, _long_runs, nfkc, stream_safe

pytestmark = pytest.mark.pure


@settings(deadline=None)
@given(st.text())
def test_texts_as_people_write_them_have_their_normal_form(text: str) -> None:
    assert nfkc(text) == unicodedata.normalize("NFKC", text)
    assert stream_safe(text) == text


def test_a_long_run_of_marks_is_broken_up_and_loses_nothing() -> None:
    text = "a" + "\u0301\u0316" * 100
    safe = stream_safe(text)
    assert safe.replace("\u034f", "") == text
    assert safe.count("\u034f") == (200 - 1) // MOST_MARKS
    assert stream_safe(safe) == safe
    assert stream_safe("a" + "\u0301" * MOST_MARKS) == "a" + "\u0301" * MOST_MARKS


@pytest.fixture
def fresh() -> None:
    """The expression of marks is made anew."""
    _long_runs.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_marks_count_as_they_stand_and_taken_apart() -> None:
    # Of no class of their own, but of marks when taken apart: a Tibetan vowel sign and a half-width voicing mark.
    for char in ("\u0301", "\u0f73", "\uff9e"):
        assert stream_safe("a" + char * 31) == "a" + char * 30 + "\u034f" + char
    for char in ("a", "\u20dd", "\u00e9", "\uac00"):
        assert stream_safe(char * 100) == char * 100


def test_a_table_asks_its_rule_once_for_each_character_and_keeps_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    table = Characters(lambda char: asked.append(char) or char.upper() if char != "-" else None)
    assert "a-b-a".translate(table) == "ABA"
    assert "a-b".translate(table) == "AB"
    assert asked == ["a", "b"]
    assert table == {97: "A", 98: "B", 45: None}
    monkeypatch.setattr("common.text._KEPT", 4)
    assert ["cd".translate(table), "d".translate(table)] == ["CD", "D"]
    assert (len(table), asked) == (4, ["a", "b", "c", "d", "d"])


def test_all_marks_are_where_they_are_looked_for() -> None:
    marks = [code for code in range(0x110000) if unicodedata.combining(chr(code))]
    assert [code for code in marks if not any(code in plane for plane in _PLANES)] == []
