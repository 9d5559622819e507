"""Equal and nearly equal texts share a split; the shares are kept; nothing moves."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.splits import content_hash, group_key, normalise, split_for

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("other", ["my CARD  is lost ", "My card is\nlost", "Ｍｙ card is lost"])
def test_texts_equal_but_for_case_spacing_and_width_are_duplicates(other: str) -> None:
    assert content_hash(other) == content_hash("My card is lost")


@pytest.mark.parametrize(
    "other", ["My card is lost!!!", "my card is lost 😡", "My card (is) lost 2", "My card is lost ❤️"]
)
def test_texts_equal_but_for_marks_digits_and_emoji_share_a_group(other: str) -> None:
    assert content_hash(other) != content_hash("My card is lost")
    assert group_key(other) == group_key("My card is lost")


def test_other_words_make_another_group() -> None:
    assert group_key("My card is lost") != group_key("My card was lost")
    assert group_key("कि") != group_key("क")


def test_texts_without_letters_are_grouped_by_content() -> None:
    assert group_key("123") == content_hash("123") != group_key("124")
    assert group_key("🙂") != group_key("🙁")


@settings(deadline=None)
@given(st.text())
def test_normalising_twice_is_once_and_every_text_has_a_group(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert len(group_key(text)) == len(content_hash(text)) == 64


def test_the_split_of_a_group_never_changes() -> None:
    frozen = ["train", "train", "validation", "train", "train", "test"]
    assert [split_for(group_key(text)) for text in "abcdef"] == frozen


@pytest.mark.parametrize("shares", [(80, 10, 10), (60, 15, 25), (100, 0, 0), (0, 0, 7)])
def test_shares_are_kept(shares: tuple[int, int, int]) -> None:
    counts = Counter(split_for(group_key(f"text {chr(97 + i % 26) * (i + 1)}"), shares, "p") for i in range(4000))
    for name, share in zip(("train", "validation", "test"), shares, strict=True):
        assert counts[name] / 4000 == pytest.approx(share / sum(shares), abs=0.025)


def test_the_salt_makes_splits_independent() -> None:
    groups = [str(i) for i in range(2000)]
    both = sum(split_for(g, salt="a") == split_for(g, salt="b") == "test" for g in groups)
    assert both / 2000 == pytest.approx(0.01, abs=0.01)


def test_half_a_character_has_its_split_and_one_share_is_enough() -> None:
    assert len(content_hash("\ud83d")) == 64
    assert split_for("x", (0, 1, 0)) == "validation"


@pytest.mark.parametrize("shares", [(0, 0, 0), (90, -10, 20), (80, 20)])
def test_impossible_shares_are_refused(shares: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="shares"):
        split_for("x", shares)
