"""What became of a text: the pieces give both texts back, and nothing that stayed is told as changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.differences import MOST_WORDS, Piece, pieces, shortened

pytestmark = pytest.mark.pure
TEXTS = st.text(alphabet="ab .\n", max_size=60)


@given(TEXTS, TEXTS)
def test_the_pieces_are_both_texts(before, after):
    found = pieces(before, after)
    assert "".join(each.text for each in found if each.what != "added") == before
    assert "".join(each.text for each in found if each.what != "removed") == after


def test_what_went_stands_before_what_came():
    found = pieces("Dear customer, hello", "Dear Ana, hello")
    assert found == [
        Piece("same", "Dear "), Piece("removed", "customer"), Piece("added", "Ana"), Piece("same", ", hello"),
    ]  # fmt: skip


def test_long_stretches_that_stayed_are_cut_and_too_long_texts_are_not_compared():
    same = "word " * 200
    cut = shortened(pieces(same + "old", same + "new"))
    assert "…" in cut[0].text
    assert len(cut[0].text) < 200
    assert pieces("x " * MOST_WORDS, "y") is None
