"""From confidence to share: too few say nothing, the truth is found, nothing is certain, more is never less."""

import random

import pytest

from common.calibrating import ENOUGH, ISOTONIC, MANY, PLATT, Calibrated, fit

pytestmark = pytest.mark.pure


def overconfident(count: int, seed: int = 5) -> tuple[list[float], list[bool]]:
    """Of answers with confidence c the share c ** 3 is right."""
    draw = random.Random(seed)
    confidences = [draw.betavariate(4, 1) for _ in range(count)]
    return confidences, [draw.random() < each**3 for each in confidences]


def test_too_few_say_nothing() -> None:
    confidences, right = overconfident(ENOUGH)
    assert fit(confidences[1:], right[1:]) is None
    assert fit(confidences, right) is not None


@pytest.mark.parametrize(("count", "method", "off"), [(MANY - 1, PLATT, 0.06), (20 * MANY, ISOTONIC, 0.03)])
def test_the_true_share_is_found(count: int, method: str, off: float) -> None:
    found = fit(*overconfident(count))
    assert found is not None
    assert found.method == method
    assert all(found.share(each) == pytest.approx(each**3, abs=off) for each in (0.6, 0.75, 0.9, 0.95))


@pytest.mark.parametrize("count", [ENOUGH, MANY, 3 * MANY])
def test_more_confidence_is_never_less_and_nothing_is_certain(count: int) -> None:
    found = fit(*overconfident(count))
    assert found is not None
    shares = [found.share(place / 1000) for place in range(1001)]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1


def test_what_is_all_right_is_a_little_less_than_certain() -> None:
    for count in (ENOUGH, MANY):
        found = fit([0.5 + place / (3 * count) for place in range(count)], [True] * count)
        assert found is not None
        assert 1 - 2 / count <= found.share(0.9) < 1


@pytest.mark.parametrize("count", [ENOUGH, 2 * MANY])
def test_confidence_that_is_turned_round_says_nothing(count: int) -> None:
    confidences, right = overconfident(count)
    found = fit([1 - each for each in confidences], right)
    assert found is not None
    assert found.share(0.9) - found.share(0.1) < 0.15
    assert found.share(0.5) == pytest.approx(sum(right) / count, abs=0.15)


def test_equal_confidences_have_their_common_share() -> None:
    found = fit([0.3] * MANY + [0.7] * MANY, [place % 5 == 0 for place in range(MANY)] + [True, False] * (MANY // 2))
    assert found is not None
    assert found.share(0.3) == pytest.approx(0.2)
    assert found.share(0.7) == pytest.approx(0.5)
    assert 0.2 < found.share(0.5) < 0.5


def test_the_ends_of_the_scale_are_confidences_too() -> None:
    found = fit([0.0, 1.0] * ENOUGH, [False, True] * ENOUGH)
    assert found is not None
    assert found.share(0.0) < 0.05
    assert found.share(1.0) > 0.95


@pytest.mark.parametrize("count", [2 * ENOUGH, 2 * MANY])
def test_long_texts_are_told_apart_far_below_what_a_word_has(count: int) -> None:
    draw = random.Random(9)
    lengths = [draw.randint(5, 200) for _ in range(count)]
    found = fit([0.7**length for length in lengths], [draw.random() < 1 - length / 200 for length in lengths])
    assert found is not None
    assert found.share(0.7**20) == pytest.approx(0.9, abs=0.1)
    assert found.share(0.7**160) == pytest.approx(0.2, abs=0.1)


def test_a_map_comes_back_as_it_was_kept() -> None:
    found = fit(*overconfident(MANY))
    assert found is not None
    assert Calibrated.read(found.kept()) == found
    with pytest.raises(KeyError):
        Calibrated.read({"points": []})
