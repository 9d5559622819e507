"""How many reviews and minutes more cases take, from decisions as they were made."""

import numpy as np
import pytest

from evaluation.effort import UNKNOWN, effort, told

pytestmark = pytest.mark.pure


def test_it_counts_reviews_and_minutes_a_case():
    decisions = [(12.0, place % 10 == 0) for place in range(200)]
    found = effort(30, decisions)
    assert found is not None
    assert (found.reviews, found.minutes) == (300, 60)
    for value, (low, high) in ((300, found.reviews_interval), (60, found.minutes_interval)):
        assert low < value < high
    assert found.minutes_interval[0] == pytest.approx(found.reviews_interval[0] * 12 / 60)
    assert "30 more cases take about 300 (" in found.sentence
    assert "20 of 200 decisions gave a test case, 12 s each." in found.sentence
    assert told(30, decisions) == found.sentence


def test_before_that_it_is_not_known():
    assert effort(30, [(12.0, True)] * 9) is None
    assert told(30, []) == UNKNOWN
    assert told(0, []) == told(None, []) == ""


def test_the_interval_covers_what_the_next_cases_take():
    """Seconds with a long tail; one decision in eight is a test case."""
    rng, covered = np.random.default_rng(5), 0
    for _ in range(100):
        seconds, cases = rng.lognormal(2.0, 0.8, 400), rng.random(400) < 0.125
        found = effort(1, list(zip(seconds.tolist(), cases.tolist(), strict=True)))
        assert found is not None
        low, high = found.minutes_interval
        covered += low <= np.exp(2.0 + 0.32) / 0.125 / 60 <= high
    assert covered >= 88
