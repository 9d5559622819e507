"""Sign-flip tests over groups: exact ones are scipy's, drawn ones near them, and levels are what they say."""

from itertools import product

import numpy as np
import pytest

from common.paired import difference, interval
from common.permutation import shown_better

pytestmark = pytest.mark.pure


def mean(sums, rows):
    return sums[0] / rows


def micro(sums, rows):
    return sums[0] / np.maximum(sums[1], 1)


def scipys(gaps: np.ndarray) -> float:
    """Mid-p of the sum's exact sign-flip distribution, from scipy's."""
    from scipy.stats import permutation_test

    found = permutation_test(
        (gaps, np.zeros_like(gaps)), lambda a, b: (a - b).sum(), permutation_type="samples", n_resamples=np.inf
    )
    null, seen = found.null_distribution, found.statistic
    return float(((null > seen + 1e-9).sum() + (abs(null - seen) <= 1e-9).sum() / 2) / len(null))


@pytest.mark.parametrize("seed", range(4))
def test_exact_tests_are_scipys(seed):
    rng = np.random.default_rng(seed)
    whole = rng.integers(-1, 2, 12).astype(float)
    ours, theirs = np.maximum(whole, 0)[:, None], np.maximum(-whole, 0)[:, None]
    counted = shown_better(ours, theirs, mean)
    assert (counted.method, counted.p) == ("exact", pytest.approx(scipys(whole[whole != 0])))
    broken = rng.random(9)[:, None], rng.random(9)[:, None]
    found = shown_better(*broken, mean)
    assert (found.method, found.p) == ("exact", pytest.approx(scipys((broken[0] - broken[1])[:, 0])))


def test_a_quotient_is_worked_out_anew_from_each_exchange():
    rng = np.random.default_rng(3)
    ours, theirs = (np.column_stack([2 * rng.integers(0, 2, 8), rng.integers(2, 5, 8)]) for _ in "ab")
    seen = micro(ours.sum(axis=0), 8) - micro(theirs.sum(axis=0), 8)
    found = []
    for swap in product([0, 1], repeat=8):
        pick = np.array(swap)[:, None] == 1
        one, two = np.where(pick, theirs, ours), np.where(pick, ours, theirs)
        found.append(micro(one.sum(axis=0), 8) - micro(two.sum(axis=0), 8))
    null = np.array(found)
    expected = np.mean(null > seen + 1e-9) + np.mean(abs(null - seen) <= 1e-9) / 2
    assert shown_better(ours, theirs, micro).p == pytest.approx(expected)


def test_draws_are_near_the_exact_share_and_say_how_near():
    rng = np.random.default_rng(5)
    ours, theirs = rng.random((40, 1)) + 0.05, rng.random((40, 1))
    few, many = (shown_better(ours, theirs, mean, draws=draws, seed=1) for draws in (2_000, 50_000))
    assert few.method == many.method == "drawn"
    assert abs(few.p - many.p) < 4 * few.error
    assert few.error == pytest.approx((few.p * (1 - few.p) / 2_000) ** 0.5)
    whole = rng.integers(-1, 2, 60).astype(float)[:, None]
    exact, drawn = shown_better(whole, 0 * whole, mean), shown_better(whole * 0.5, 0 * whole, mean, draws=20_000)
    assert abs(exact.p - drawn.p) < 4 * drawn.error


def test_a_group_is_one_unit_whatever_its_size():
    ours, theirs = np.ones((10, 1)), np.zeros((10, 1))
    assert shown_better(ours, theirs, mean).p == 2**-11
    found = shown_better(ours, theirs, mean, groups=[0] * 5 + [1] * 5)
    assert (found.p, found.rows, found.groups, found.differing) == (1 / 8, 10, 2, 2)
    low, high = interval([[1.0]] * 5 + [[0.0]] * 5, mean, groups=[0] * 5 + [1] * 5)
    assert (low, high) == (0.0, 1.0)
    assert difference(ours, theirs, mean, groups=[0] * 10).low == 1.0
    with pytest.raises(ValueError, match="3 groups were given for 10 cases"):
        shown_better(ours, theirs, mean, groups=[1, 2, 3])


def test_nothing_differs_and_nothing_is_there():
    same = np.ones((5, 1))
    assert shown_better(same, same, mean).p == 1.0
    assert shown_better(same[:1], same[:1], mean, bound=-0.1).p == 1.0
    with pytest.raises(ValueError, match="0 and 0 cases"):
        shown_better([], [], mean)


def draw(rng, n, wins, losses):
    """Rows of which a share only the first has right, and another only the second."""
    u = rng.random(n)
    return (u < wins).astype(float)[:, None], ((u >= wins) & (u < wins + losses)).astype(float)[:, None]


@pytest.mark.parametrize(
    ("bound", "wins", "losses"), [(0, 0.1, 0.1), (-0.05, 0.0, 0.05), (-0.05, 0.05, 0.1), (0.05, 0.05, 0.0)]
)
def test_the_level_is_kept_at_the_bound(bound, wins, losses):
    rng, asked = np.random.default_rng(11), 400
    found = [shown_better(*draw(rng, 150, wins, losses), mean, bound=bound).p for _ in range(asked)]
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 2.6 * (0.05 * 0.95 / asked) ** 0.5


def test_what_is_equal_is_soon_shown_to_be_within_the_margin():
    rng = np.random.default_rng(12)
    found = [shown_better(*draw(rng, 500, 0.05, 0.05), mean, bound=-0.05).p for _ in range(100)]
    assert np.mean(np.array(found) <= 0.05) > 0.9
