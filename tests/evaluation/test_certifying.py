"""What is certified holds: Clopper-Pearson from the surest part on, each look at its own level; audits end it."""

import random

import pytest

from common.intervals import upper_bound
from evaluation.auditing import is_broken, stake
from evaluation.certifying import look, wanted
from evaluation.promise import Promise

pytestmark = pytest.mark.pure

PROMISE = Promise()


def answers(count: int, draw: random.Random, low: float = 0.6, rise: float = 0.5) -> tuple[list[float], list[bool]]:
    """An answer of confidence c is right with a chance of `low` + `rise` * c."""
    confidences = [draw.random() for _ in range(count)]
    return confidences, [draw.random() < low + rise * each for each in confidences]


def true_error(threshold: float, low: float = 0.6, rise: float = 0.5) -> float:
    steps = [threshold + (1 - threshold) * (place + 0.5) / 400 for place in range(400)]
    return sum(max(0.0, 1 - low - rise * each) for each in steps) / 400


def test_all_looks_together_err_as_often_as_was_said() -> None:
    assert PROMISE.level(0) == pytest.approx(0.0375)
    assert sum(PROMISE.level(each) for each in range(50)) == pytest.approx(0.05)
    assert [PROMISE.needed(each) for each in (0, 1)] == [65, 92]
    assert upper_bound(0, 65, 1 - PROMISE.level(0)) <= 0.05 < upper_bound(0, 64, 1 - PROMISE.level(0))


def test_with_too_few_answers_nothing_is_certified() -> None:
    found = look([place / 65 for place in range(65)], [True] * 65, PROMISE)
    assert (found.part, found.failed, found.needed) == (None, None, 65)
    found = look([place / 66 for place in range(66)], [True] * 66, PROMISE)
    assert found.part is not None
    assert (found.part.count, found.part.wrong, found.part.threshold) == (65, 0, 0.0)


def test_the_largest_part_before_the_first_that_fails_is_taken() -> None:
    confidences = [place / 1000 for place in range(1000)]
    found = look(confidences, [each >= 0.4 for each in confidences], PROMISE)
    assert found.part is not None
    assert found.failed is not None
    assert found.part.threshold == pytest.approx(0.399, abs=0.051)
    assert found.part.bound <= 0.05 < found.failed.bound
    assert found.failed.count == found.part.count + 50


def test_a_surest_part_that_fails_ends_it() -> None:
    confidences = [place / 1000 for place in range(1000)]
    found = look(confidences, [not each >= 0.95 for each in confidences], PROMISE)
    assert found.part is None
    assert found.failed is not None
    assert (found.failed.wrong, found.failed.count) == (50, 150)


def test_equal_confidences_are_accepted_together_or_not_at_all() -> None:
    found = look([0.9] * 100 + [0.5] * 100, [True] * 100 + [False] * 100, PROMISE)
    assert found.part is not None
    assert (found.part.threshold, found.part.count) == (0.5, 100)


def test_many_equal_ones_at_the_top_are_one_part() -> None:
    found = look([1.0] * 200 + [0.5] * 100 + [0.1] * 100, [True] * 200 + [False] * 200, PROMISE)
    assert found.part is not None
    assert found.failed is not None
    assert (found.part.threshold, found.part.count, found.failed.count) == (0.5, 200, 300)
    alike = look([1.0] * 400, [True] * 400, PROMISE)
    assert (alike.part, alike.failed) == (None, None), "nothing lies above the threshold"


def test_the_promise_is_kept() -> None:
    draw, broken, certified = random.Random(11), 0, 0
    for _ in range(300):
        found = look(*answers(400, draw), PROMISE)
        if found.part is not None:
            certified += 1
            broken += true_error(found.part.threshold) > PROMISE.wrong
    assert certified > 150
    assert broken <= 300 * PROMISE.level(0) + 8


def test_another_look_wants_half_more_and_no_less_than_its_level_does() -> None:
    assert wanted(PROMISE, 0, 0) == 66
    assert wanted(PROMISE, 1, 66) == 99
    assert wanted(PROMISE, 1, 20) == 93


def test_a_promise_that_holds_is_rarely_taken_back() -> None:
    draw = random.Random(2)
    alarms = sum(is_broken([draw.random() > 0.05 for _ in range(500)], 0.05, 0.05) for _ in range(400))
    assert alarms <= 20


def test_a_broken_promise_is_found() -> None:
    draw = random.Random(3)
    found = sum(is_broken([draw.random() > 0.2 for _ in range(60)], 0.05, 0.05) for _ in range(200))
    assert found >= 160
    assert stake([], 0.05) == 1
    assert is_broken([False] * 3, 0.05, 0.05)
    assert is_broken([False] * 5000, 0.05, 0.05)
    assert not is_broken([True] * 100, 0.05, 0.05)


def test_what_the_bets_were_worth_once_counts() -> None:
    told = [True] * 5 + [False] * 3 + [True] * 500
    assert is_broken(told, 0.05, 0.05)
