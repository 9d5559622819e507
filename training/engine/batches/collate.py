"""Rows to one flat row of tensors, without padding and with what all rows begin with computed once."""

from collections.abc import Sequence
from typing import Any

from training.engine.batches.blocks import Blocks, common_prefix
from training.engine.data import IGNORED, Encoded


def collate_flat(rows: Sequence[Encoded]) -> dict[str, Any]:
    """One batch: `input_ids`, `position_ids` and `labels`, each (1, tokens), and the `blocks` that attention asks for.

    Each rest begins with a token of its prompt. So no row's last token is asked for the first of the next one, and the
    token before an answer is never in the prefix, whose hidden states belong to all rows.
    """
    import torch

    blocks = blocks_of(rows)
    ids, labels = (list(rows[0][key][: blocks.prefix]) for key in ("input_ids", "labels"))
    for row in rows:
        ids += row["input_ids"][blocks.prefix :]
        labels += row["labels"][blocks.prefix :]
    ids += ids[:1] * blocks.filling
    labels += [IGNORED] * blocks.filling
    return {
        # First, since the trainer takes the length of the first tensor for the number of rows.
        "rests": torch.tensor(blocks.rests),
        "input_ids": torch.tensor([ids]),
        "labels": torch.tensor([labels]),
        **flat_inputs(blocks),
    }


def flat_inputs(blocks: Blocks) -> dict[str, Any]:
    """What the model is told of a flat row beside its ids. The mask is given, and ignored, lest one be made."""
    import torch

    return {
        "position_ids": torch.tensor([blocks.positions()]),
        "attention_mask": torch.ones(1, 1, 1, 1),
        "blocks": blocks,
    }


def blocks_of(rows: Sequence[Encoded]) -> Blocks:
    """How `rows` lie in a flat row. A row alone shares nothing."""
    most = min(_answer_start(row) for row in rows) - 1
    prefix = common_prefix([row["input_ids"] for row in rows], most) if len(rows) > 1 else 0
    return Blocks(prefix, tuple(len(row["input_ids"]) - prefix for row in rows))


def _answer_start(row: Encoded) -> int:
    labels = row["labels"]
    return next((at for at, label in enumerate(labels) if label != IGNORED), len(labels))
