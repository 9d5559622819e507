"""Which tokens of a tokenizer are marks, and texts in which they are broken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import marks as module
from common.marks import LONGEST, break_marks, marks_among

pytestmark = pytest.mark.pure


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """An expression that was made before the code changed says nothing of it (`make mutants`)."""
    module._expression.cache_clear()


@pytest.mark.parametrize("token", ["<sop>", "[|user|]", "]~b]", "[gMASK]", "<|im_end|>", "<table>", "</h1>", "<1>"])
def test_signs_around_a_word_are_a_mark(token: str) -> None:
    assert marks_among([token]) == (token,)


@pytest.mark.parametrize(
    "token", ["hello", "Human:", "x>", "<x", "  ", "\n\n", "```", "<>", "...", "<a b>", "", "▁", "<!-"]
)
def test_words_spaces_and_signs_alone_are_none(token: str) -> None:
    assert marks_among([token]) == ()


def test_marks_are_sorted_once_each_and_without_the_space_of_a_piece() -> None:
    assert marks_among(["▁<PRE>", "<b>", "<a>", "<PRE>", " <a>"]) == ("<PRE>", "<a>", "<b>")


def test_what_is_too_long_is_none() -> None:
    longest = f"<{'a' * (LONGEST - 2)}>"
    assert marks_among([longest, f"<{'a' * (LONGEST - 1)}>"]) == (longest,)


def test_a_mark_is_broken_after_its_first_character_and_nothing_else_is_touched() -> None:
    marks = ("<sop>", "<sop2>", "[|user|]", "<a>b>")
    assert break_marks("a<sop>b <sop2> [|user|] <so> <a> <SOP>", marks) == "a< sop>b < sop2> [ |user|] <so> <a> <SOP>"
    assert break_marks("<a>b>", marks) == "< a>b>"
    assert break_marks("<sop>", ()) == "<sop>"


MARKS = ("<sop>", "<sop>>", "]~b]", "[e~[", "<<a>", "<a>", "[[x]]", "(a", "((a(")


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from([*MARKS, *"<>[]~ab se(", "<s", "op>"]), max_size=10).map("".join))
def test_no_mark_survives_and_twice_is_once(text: str) -> None:
    once = break_marks(text, MARKS)
    assert not [mark for mark in MARKS if mark in once]
    assert break_marks(once, MARKS) == once
    assert once.replace(" ", "") == text.replace(" ", "")
