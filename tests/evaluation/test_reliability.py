"""Bins, calibration error and area under the curve: as defined, held out, and with their noise."""

import random

import pytest

from evaluation.diagram import diagram_of
from evaluation.reliability import BIN, NEEDED, auc, binned, held_out, reliability

pytestmark = pytest.mark.pure


def drawn(count: int, seed: int = 3) -> tuple[list[float], list[bool]]:
    """Shares that mean what they say."""
    draw = random.Random(seed)
    shares = [draw.betavariate(3, 1) for _ in range(count)]
    return shares, [draw.random() < each for each in shares]


def test_bins_are_of_equal_count_and_hold_a_hundred_where_they_can() -> None:
    for count, bins in ((60, 1), (250, 2), (999, 9), (5000, 10)):
        found = binned(*drawn(count))
        assert len(found) == bins
        assert sum(each.count for each in found) == count
        assert max(each.count for each in found) - min(each.count for each in found) <= 1
        assert [each.said for each in found] == sorted(each.said for each in found)
        assert count < BIN or all(each.count >= BIN for each in found)


def test_the_error_is_the_distance_between_said_and_right() -> None:
    shares, right = (
        [0.6] * 100 + [0.9] * 300,
        [place % 10 < 7 for place in range(100)] + [place % 5 > 0 for place in range(300)],
    )
    found = reliability(shares, right, shares)
    assert found.error == pytest.approx(0.25 * abs(0.6 - 0.7) + 0.75 * abs(0.9 - 0.8))
    assert found.error_interval[0] <= found.error <= found.error_interval[1]
    assert [each.right for each in found.bins] == pytest.approx([0.7, 0.8, 0.8, 0.8])


def test_shares_that_mean_what_they_say_are_off_by_chance_alone() -> None:
    shares, right = drawn(2000)
    found = reliability(shares, right, shares)
    assert found.error < 0.05
    assert found.error == pytest.approx(found.by_chance, abs=0.02)
    flattered = reliability([each**0.3 for each in shares], right, shares)
    assert flattered.error_interval[0] > 0.1 > 3 * flattered.by_chance


def test_the_area_is_the_chance_that_the_right_one_is_surer() -> None:
    scores, right = [0.1, 0.4, 0.4, 0.8, 0.9], [False, True, False, False, True]
    pairs = [(good > bad) + 0.5 * (good == bad) for good in (0.4, 0.9) for bad in (0.1, 0.4, 0.8)]
    found = auc(scores, right)
    assert found is not None
    assert found[0] == pytest.approx(sum(pairs) / 6)
    assert 0 <= found[1][0] < found[0] < found[1][1] <= 1
    assert auc(scores, [True] * 5) is None


def test_the_interval_of_the_area_holds_the_truth() -> None:
    # Both sides are normal, one apart: the true area is .760.
    held = 0
    for seed in range(200):
        draw = random.Random(seed)
        right = [place % 4 > 0 for place in range(200)]
        found = auc([draw.gauss(float(each), 1) for each in right], right)
        assert found is not None
        held += found[1][0] <= 0.760 <= found[1][1]
    assert held >= 180


def test_a_perfect_area_has_an_interval_below_it() -> None:
    found = auc([0.9, 0.8, 0.7, 0.1, 0.2], [True, True, True, False, False])
    assert found is not None
    assert found[0] == 1
    assert found[1][0] < 0.6


def test_no_answer_is_judged_by_a_map_that_has_seen_it() -> None:
    draw = random.Random(1)
    noise, right = [draw.random() for _ in range(2000)], [draw.random() < 0.7 for _ in range(2000)]
    shares = held_out(noise, right)
    assert shares is not None
    found = auc(shares, right)
    assert found is not None
    assert found[0] < 0.54, "a map that had seen them would tell them apart"
    assert held_out(noise[: NEEDED - 1], right[: NEEDED - 1]) is None
    assert held_out(noise[:NEEDED], right[:NEEDED]) is not None


def test_the_diagram_keeps_within_its_frame() -> None:
    shares, right = drawn(1500)
    found = reliability(shares, right, shares).kept()
    diagram = diagram_of(found["bins"])
    assert len(diagram.points) == 10
    for point in diagram.points:
        assert diagram.left <= point.x <= diagram.right
        assert diagram.top <= point.high < point.y < point.low <= diagram.bottom
    assert diagram.marks[-1] == (diagram.right, diagram.top, "100 %") or len(diagram.marks) > 1
    high = diagram_of([{"count": 100, "said": 0.995, "right": 1.0, "low": 0.96, "high": 1.0}])
    assert high.marks[0][2] == "90 %"
    assert high.points[0].y == high.top
