"""Comparing rows of token ids, alone."""

import pytest

from deployment.artifacts.gguf.tokens import first_difference, hard_texts, likely_trap, prove_tokens

WANT = [{"text": "ab", "ids": [5, 6]}, {"text": "abc d", "ids": [5, 7, 8]}]


def got(*rows):
    return [
        {"text": want["text"], "ids": ids, "pieces": pieces} for want, (ids, pieces) in zip(WANT, rows, strict=True)
    ]


def test_equal_rows_have_no_difference():
    same = got(([5, 6], ["a", "b"]), ([5, 7, 8], ["a", "bc", " d"]))
    assert first_difference(WANT, same) is None
    assert prove_tokens(WANT, same).sentence == "token ids equal on 2 of 2 prompts"


def test_the_first_difference_shows_ids_and_pieces():
    proof = prove_tokens(WANT, got(([5, 6], ["a", "b"]), ([5, 6, 9, 8], ["a", "b", "c", " d"])))
    assert not proof.ok
    found = proof.first_difference
    assert (found["row"], found["position"]) == (1, 1)
    assert (found["training"], found["gguf"]) == ([5, 7, 8], [5, 6, 9, 8])
    assert (found["training_pieces"], found["gguf_pieces"]) == (["a", "?", " d"], ["a", "b", "c", " d"])
    assert "1 of 2 prompts differ" in proof.sentence
    assert "other merges" in proof.sentence


def test_a_missing_end_is_a_difference():
    assert first_difference([{"text": "ab", "ids": [5, 6]}], [{"text": "ab", "ids": [5]}])["position"] == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((([1, 5, 6], ["<s>", "a", "b"]), ([1, 5, 7, 8], ["<s>", "a", "bc", " d"])), ["a BOS"]),
        ((([1, 5, 6], ["<s>", "a", "b"]), ([1, 5, 6, 9, 8], ["<s>", "a", "b", "c", " d"])), ["a BOS", "other merges"]),
        ((([4, 6], [" a", "b"]), ([4, 7, 8], [" a", "bc", " d"])), ["a prefix space"]),
        ((([5, 6], ["a", "b"]), ([5, 8], ["a", " d"])), ["another text"]),
    ],
)
def test_traps_are_told_apart(rows, said):
    sentence = likely_trap(WANT, got(*rows))
    for words in ("a BOS", "other merges", "a prefix space", "another text"):
        assert (words in sentence) == (words in said)


def test_bytes_of_an_emoji_are_the_text_that_they_spell():
    want = [{"text": "é", "ids": [9]}]
    assert "other merges" in likely_trap(want, [{"text": "é", "ids": [2, 3], "pieces": ["<0xC3>", "<0xA9>"]}])


def test_rows_without_pieces_still_show_a_bos():
    assert "a BOS" in likely_trap(WANT[:1], [{"text": "ab", "ids": [1, 5, 6]}])


def test_nothing_proves_nothing():
    with pytest.raises(ValueError, match="cannot be compared"):
        prove_tokens([], [])
    with pytest.raises(ValueError, match="cannot be compared"):
        prove_tokens(WANT, [])


def test_hard_texts_hold_what_they_must():
    joined = "\n".join(hard_texts())
    assert set("\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e") <= set(joined)
    for part in ("😀", "我", "ש", "٣", "\t", "  ", "im_end"):
        assert part in joined
    assert max(map(len, hard_texts())) > 20_000
