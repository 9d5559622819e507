"""The rule of the watch: worse beyond chance and tolerance, and nothing else, is a complaint."""

import pytest

from deployment.monitoring.comparison import Limits, Use, complaints

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("now", "before", "says"),
    [
        (Use(requests=100, errors=30), Use(requests=100, errors=2), "30 of 100 requests got no answer"),
        (Use(requests=40, parse_failures=20), Use(), "20 of 40 answers could not be read"),
        (Use(requests=40, thumbs=30, thumbs_down=20), Use(thumbs=30, thumbs_down=3), "20 of 30 thumbs were down"),
        (Use(requests=40, p95=900.0), Use(requests=40, p95=300.0), "3.0 times as long"),
    ],
)
def test_what_is_worse_is_said(now: Use, before: Use, says: str) -> None:
    (sentence,) = complaints(now, before, Limits())
    assert says in sentence


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (Use(requests=19, errors=19), Use(requests=100)),
        (Use(requests=100, errors=8), Use(requests=100, errors=2)),
        (Use(requests=100, errors=30), Use(requests=100, errors=28)),
        (Use(requests=40, p95=900.0), Use(requests=3, p95=300.0)),
        (Use(requests=40, thumbs=3, thumbs_down=3), Use()),
    ],
)
def test_chance_and_small_numbers_are_no_complaint(now: Use, before: Use) -> None:
    assert complaints(now, before, Limits()) == []


def test_at_the_limits_there_is_enough_to_judge_and_nothing_worse_than_allowed() -> None:
    limits = Limits(requests=20, tolerance=0.05, slowdown=2.0)
    (errors,) = complaints(Use(requests=20, errors=10), Use(), limits)
    assert errors == "10 of 20 requests got no answer (50%; before 0%)"
    (slow,) = complaints(Use(requests=20, p95=601.0), Use(requests=20, p95=300.0), limits)
    assert slow == "95 % of the answers took up to 601 ms, 2.0 times as long as before"
    assert complaints(Use(requests=20, p95=600.0), Use(requests=20, p95=300.0), limits) == []
