"""The bound of a share of equal answers, against published and hand-checked figures."""

import pytest

from deployment.agreement import upper_bound


def test_all_equal_leaves_no_doubt_above():
    assert upper_bound(8, 8) == 1.0


def test_none_equal_follows_the_closed_form():
    assert upper_bound(0, 10, 0.95) == pytest.approx(1 - 0.05 ** (1 / 10))


def test_the_bound_is_where_so_few_become_unlikely():
    # 90 of 100, two-sided 95 %: the exact interval ends at 0.9510 in the tables.
    assert upper_bound(90, 100, 0.975) == pytest.approx(0.9510, abs=5e-5)


def test_few_answers_refuse_only_what_is_clear():
    assert upper_bound(6, 8) > 0.97 > upper_bound(5, 8)
    assert upper_bound(38, 200) < 0.3
    assert upper_bound(1940, 2000) > 0.97


@pytest.mark.parametrize(("agreed", "checked"), [(0, 0), (3, 2), (-1, 2)])
def test_impossible_counts_are_refused(agreed, checked):
    with pytest.raises(ValueError, match="is no share"):
        upper_bound(agreed, checked)
