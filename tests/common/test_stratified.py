"""Like with like: the exact test over strata against every arrangement, and what standardizing gives."""

from itertools import combinations, product

import pytest

from common.stratified import Stratum, by_stratum, p_larger, shared, standardized, standardized_quantile

pytestmark = pytest.mark.pure


def by_arrangements(strata: list[Stratum]) -> float:
    """The same p, by looking at every way in which the bad ones could have fallen."""
    ways = []
    for each in strata:
        bad = set(range(each.bad + each.other_bad))
        ways.append([len(bad & set(ours)) for ours in combinations(range(each.of + each.other_of), each.of)])
    sums = [sum(way) for way in product(*ways)]
    seen = sum(each.bad for each in strata)
    return (sum(each > seen for each in sums) + sum(each == seen for each in sums) / 2) / len(sums)


@pytest.mark.parametrize(
    "strata",
    [
        [Stratum(3, 4, 1, 5)],
        [Stratum(0, 4, 3, 5)],
        [Stratum(3, 4, 1, 3), Stratum(2, 3, 1, 4)],
        [Stratum(1, 4, 3, 3), Stratum(2, 2, 0, 2), Stratum(1, 2, 1, 3)],
    ],
)
def test_p_is_the_share_of_arrangements(strata: list[Stratum]) -> None:
    assert p_larger(strata) == pytest.approx(by_arrangements(strata))


def test_where_nothing_can_be_compared_nothing_is_shown() -> None:
    assert p_larger([]) == 1.0
    assert p_larger([Stratum(5, 5, 0, 0), Stratum(0, 0, 0, 5)]) == 1.0
    assert p_larger([Stratum(0, 9, 0, 9)]) == 1.0
    assert p_larger([Stratum(4, 4, 5, 5)]) == 1.0


def test_a_stratum_of_one_side_only_changes_nothing() -> None:
    alone = [Stratum(3, 4, 1, 5)]
    assert p_larger([*alone, Stratum(50, 50, 0, 0), Stratum(0, 0, 0, 50)]) == pytest.approx(p_larger(alone))


def test_a_mix_that_changed_is_no_difference() -> None:
    """Half are bad among long ones and a tenth among short ones, before and after: only the mix is another."""
    strata = [Stratum(50, 100, 10, 20), Stratum(2, 20, 10, 100)]
    assert p_larger(strata) == pytest.approx(0.5, abs=0.01)
    assert p_larger([Stratum(52, 120, 20, 120)]) < 1e-5


def test_many_are_no_trouble() -> None:
    assert p_larger([Stratum(600, 20_000, 600, 20_000)] * 3) == pytest.approx(0.5)
    assert 0 <= p_larger([Stratum(20_000, 20_000, 1, 20_000)]) < 1e-100


def test_only_what_both_have_is_shared_and_in_order() -> None:
    first, second = [("b", 1.0), ("a", 2.0), ("b", 3.0)], [("b", 5.0), ("c", 6.0)]
    assert by_stratum(first) == {"b": [1.0, 3.0], "a": [2.0]}
    assert shared(first, second) == [([1.0, 3.0], [5.0])]


def test_the_others_mean_on_the_mix_of_the_first() -> None:
    pairs = [([1.0] * 3, [1.0, 0.0]), ([0.0], [1.0, 0.0, 0.0, 0.0])]
    assert standardized(pairs) == pytest.approx((3 * 0.5 + 1 * 0.25) / 4)
    assert standardized([]) is None


def test_the_others_quantile_on_the_mix_of_the_first() -> None:
    pairs = [([0.0] * 9, [10.0, 20.0, 30.0]), ([0.0], [500.0] * 99)]
    assert standardized_quantile(pairs, 0.9) == 30.0
    assert standardized_quantile(pairs, 0.91) == 500.0
    assert standardized_quantile([([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])], 0.5) == 2.0
    assert standardized_quantile([], 0.5) is None
