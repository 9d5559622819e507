"""Measured gains are drawn to their mean as the James-Stein rule has it, and what was selected loses its flattery."""

from math import asin, sin, sqrt

import numpy as np
import pytest

from evaluation.shrinkage import LEAST, shrunken

pytestmark = pytest.mark.pure

# B. Efron and T. Hastie, Computer Age Statistical Inference (2016), table 7.1: 18 players after 90 times at bat, and
# the James-Stein estimates by the arcsine transformation, whose variance is 1; both in thousandths.
BATTED = (345, 333, 322, 311, 289, 289, 278, 255, 244, 233, 233, 222, 222, 222, 211, 211, 200, 145)
SHRUNKEN = (283, 279, 276, 272, 264, 264, 261, 253, 249, 245, 245, 242, 242, 242, 238, 238, 234, 212)


def test_with_equal_errors_it_is_the_james_stein_rule():
    times, shares = 90, [each / 1000 for each in BATTED]
    made = [2 * sqrt(times + 0.5) * asin(sqrt((times * share + 0.375) / (times + 0.75))) for share in shares]
    found = shrunken([(value, 1.0) for value in made])
    assert found is not None
    back = [((times + 0.75) * sin(row.value / (2 * sqrt(times + 0.5))) ** 2 - 0.375) / times for row in found.rows]
    assert back == pytest.approx([each / 1000 for each in SHRUNKEN], abs=0.001)


def test_the_less_sure_gain_moves_further():
    found = shrunken([(0.0, 0.01), (0.02, 0.01), (0.06, 0.01), (0.06, 0.05)])
    assert found is not None
    sure, unsure = found.rows[2:]
    assert found.mean < unsure.value < sure.value < 0.06
    assert unsure.high - unsure.low > sure.high - sure.low


def test_what_chance_alone_explains_has_no_spread():
    found = shrunken([(0.01, 0.03), (0.02, 0.03), (0.03, 0.03), (0.02, 0.03)])
    assert found is not None
    assert (found.spread, found.mean) == (0.0, pytest.approx(0.02))


def test_of_few_nothing_is_said():
    assert shrunken([(0.1, 0.02)] * (LEAST - 1)) is None


def test_intervals_cover_and_what_was_selected_is_no_longer_flattered():
    rng, covered, measured, drawn, selected = np.random.default_rng(3), 0, 0.0, 0.0, 0
    for _ in range(400):
        errors, true = rng.uniform(0.01, 0.03, 8), rng.normal(0.01, 0.02, 8)
        seen = rng.normal(true, errors)
        found = shrunken(list(zip(seen.tolist(), errors.tolist(), strict=True)))
        assert found is not None
        for place, row in enumerate(found.rows):
            covered += row.low <= true[place] <= row.high
            if seen[place] > 1.64 * errors[place]:
                selected += 1
                measured += seen[place] - true[place]
                drawn += row.value - true[place]
    assert 0.93 <= covered / 3200 <= 0.98
    assert drawn / selected < measured / selected / 2
