"""Rows of like length in padded batches."""

import pytest

from training.engine.batches.grouping import LikeLengths

pytestmark = pytest.mark.ml

LENGTHS = [10 + (index * 37) % 100 for index in range(103)]


def batches(sampler: LikeLengths, size: int = 4) -> list[list[int]]:
    order = list(sampler)
    return [order[at : at + size] for at in range(0, len(order), size)]


def padded(found: list[list[int]]) -> int:
    return sum(max(LENGTHS[index] for index in batch) * len(batch) for batch in found)


def test_every_row_once_with_little_padding() -> None:
    found = batches(LikeLengths(LENGTHS, 4, seed=1))
    assert sorted(index for batch in found for index in batch) == list(range(103))
    assert padded(found) < 1.15 * sum(LENGTHS)
    assert padded([list(range(at, min(at + 4, 103))) for at in range(0, 103, 4)]) > 1.5 * sum(LENGTHS)


def test_epochs_differ_and_repeat_by_seed() -> None:
    sampler = LikeLengths(LENGTHS, 4, seed=1)
    first = batches(sampler)
    sampler.set_epoch(1)
    assert batches(sampler) != first
    assert {frozenset(batch) for batch in batches(sampler)} != {frozenset(batch) for batch in first}
    sampler.set_epoch(0)
    assert batches(sampler) == first
    assert batches(LikeLengths(LENGTHS, 4, seed=2)) != first


def test_batches_do_not_come_by_length() -> None:
    longest = [max(LENGTHS[index] for index in batch) for batch in batches(LikeLengths(LENGTHS, 4, seed=1))]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)
