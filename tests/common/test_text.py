"""Normal forms of texts with more marks than any writing has."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from common.text import _PLANES, MOST_MARKS, nfkc, stream_safe


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


def test_all_marks_are_where_they_are_looked_for() -> None:
    marks = [code for code in range(0x110000) if unicodedata.combining(chr(code))]
    assert [code for code in marks if not any(code in plane for plane in _PLANES)] == []
