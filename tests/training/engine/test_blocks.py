"""How rows lie in one flat row."""

import pytest

from training.engine.batches.blocks import QUERIES, TOGETHER, Blocks, common_prefix
from training.engine.batches.collate import blocks_of
from training.engine.data import IGNORED, Encoded

pytestmark = pytest.mark.pure


def row(*ids: int, answer: int) -> Encoded:
    """A row whose last `answer` tokens are the answer."""
    return {"input_ids": list(ids), "labels": [IGNORED] * (len(ids) - answer) + list(ids[len(ids) - answer :])}


def test_positions_start_again_behind_the_prefix() -> None:
    blocks = Blocks(2, (3, 1))
    assert blocks.positions()[:6] == [0, 1, 2, 3, 4, 2]
    assert len(blocks.positions()) == blocks.tokens + blocks.filling == 32
    assert blocks.spans == ((2, 5), (5, 6))
    assert (blocks.tokens, blocks.useful) == (6, 8)


def test_every_token_is_asked_once_and_sees_its_own_row_only() -> None:
    blocks = Blocks(QUERIES + 10, (QUERIES * 2 + 1, 5, QUERIES))
    asked = [at for piece in blocks.pieces for at in range(piece.start, piece.end)]
    assert asked == list(range(blocks.tokens))
    starts = dict(blocks.spans) | {0: blocks.prefix}
    for piece in blocks.pieces:
        assert piece.own in starts
        assert piece.end <= starts[piece.own]
        assert piece.prefix == (blocks.prefix if piece.own else 0)
        assert piece.end - piece.start <= QUERIES


def test_pieces_of_like_size_are_taken_together() -> None:
    blocks = Blocks(70, (40, 50, 90, 33))
    assert [(group.length, group.keys, len(group.pieces)) for group in blocks.groups] == [
        (70, 70, 1),
        (64, 134, 3),
        (96, 166, 1),
    ]
    assert sorted(piece.start for group in blocks.groups for piece in group.pieces) == [0, 70, 110, 160, 250]


def test_no_group_is_larger_than_memory_allows() -> None:
    long = Blocks(0, (8000,) * 8)
    assert max(group.scores for group in long.groups if len(group.pieces) > 1) <= TOGETHER
    assert sum(len(group.pieces) for group in long.groups) == len(long.pieces)


def test_what_no_row_shares_is_no_prefix() -> None:
    assert common_prefix([[1, 2, 3], [1, 2, 4]], 9) == 2
    assert common_prefix([[1, 2, 3], [1, 2]], 9) == 2
    assert common_prefix([[1, 2, 3], [1, 2, 3]], 9) == 3
    assert common_prefix([[2, 2], [1, 2]], 9) == 0
    assert common_prefix([[1, 2, 3], [1, 2, 4]], 1) == 1


def test_the_token_before_an_answer_is_never_shared() -> None:
    """Its hidden state is asked for the answer's first token, another one in each row."""
    same_prompt = [row(1, 2, 3, 8, 9, answer=2), row(1, 2, 3, 7, 9, answer=2)]
    assert blocks_of(same_prompt) == Blocks(2, (3, 3))
    same_row = [row(1, 2, 3, 8, answer=1)] * 2
    assert blocks_of(same_row) == Blocks(2, (2, 2))


def test_a_row_alone_shares_nothing() -> None:
    assert blocks_of([row(1, 2, 3, 8, answer=1)]) == Blocks(0, (4,))
