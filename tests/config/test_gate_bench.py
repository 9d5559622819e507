"""The promise's rows, played small: one that leaves its bound by more than its Monte Carlo error fails here, too."""

import pytest

from benchmarks.gate import looks, rows, watches
from benchmarks.gate.rows import Row

pytestmark = pytest.mark.pure


def kept(row: Row) -> bool:
    return Row(row.value, 1.4 * row.error, row.bound, row.at_least).holds


@pytest.mark.parametrize(
    "row",
    [
        lambda: rows.equal_lives(1, 30, [120] * 20),
        lambda: rows.bare(2, 60, 0.1, 0.97),
        lambda: rows.bare(3, 60, 0.2, 0.80),
        lambda: rows.duplicates(4, 100),
        lambda: rows.parsing(5, 60),
        lambda: rows.gaining_lives(6, 6, list(range(200, 1200, 50)))[1],
        lambda: rows.sinking_lives(7, 3, 400)[0],
        lambda: looks.again(11, 60, 0.0, 0.05, end=400),
        lambda: watches.equal(8, 80, 320, 120),
        lambda: watches.halved(9, 200, 0.5, 200),
        lambda: watches.halved(10, 200, 0.8, 60),
    ],
    ids=[
        "equal",
        "ten",
        "twenty",
        "duplicates",
        "parsing",
        "gains",
        "sinking",
        "again",
        "watched",
        "halved",
        "halved-few",
    ],
)
def test_each_row_keeps_its_bound(row):
    assert kept(row())


def test_looks_that_each_had_the_whole_level_would_clear_far_more_often():
    spent, whole = (looks.again(12, 60, 0.0, None, spending=each, end=400).value for each in (True, False))
    assert whole > spent
    assert whole > 0.08


def test_a_row_outside_its_bound_is_told():
    assert not Row(0.1, 0.02, 0.05).holds
    assert Row(0.06, 0.02, 0.05).holds
    assert not Row(0.4, 0.02, 0.5, at_least=True).holds
