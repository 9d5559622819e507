"""Intervals of rates, against published and hand-checked figures."""

import pytest

from common.intervals import upper_bound, visible_deviation, wilson

pytestmark = pytest.mark.pure


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


@pytest.mark.parametrize(
    ("successes", "total", "interval"),
    [
        (8, 10, (0.4902, 0.9433)),
        (0, 0, (0, 1)),
        (0, 10, (0, 0.2775)),
        (10, 10, (0.7225, 1)),
        (81, 263, (0.2553, 0.3662)),
    ],
)
def test_wilson_against_published_values(successes, total, interval):
    assert wilson(successes, total) == pytest.approx(interval, abs=1e-4)


def test_few_answers_see_only_what_is_far_off():
    # Eight of which six are equal pass at 0.97: five or fewer are needed, in nine of ten cases.
    assert visible_deviation(8, 0.97) == pytest.approx(0.538, abs=0.001)
    assert visible_deviation(180, 0.97) < 0.10 < visible_deviation(150, 0.97)
    assert visible_deviation(1, 0.97) is None
