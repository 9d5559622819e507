"""Options and their schema: what is wrong is said by name, in a sentence, whatever is sent."""

import pytest
from pydantic import Field

from common.options import Options, OptionsError, checked

pytestmark = pytest.mark.pure


class Inner(Options):
    depth: int = Field(default=1, ge=1, le=9)


class Outer(Options):
    rate: float = Field(default=0.5, gt=0, le=1)
    inner: Inner = Inner()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"raet": 1}, "raet: There is no such option. Did you mean rate?"),
        ({"xyz": 1}, "xyz: There is no such option. There are inner, rate."),
        ({"inner": {"dept": 1}}, "inner.dept: There is no such option. Did you mean depth?"),
        ({"rate": 2}, "rate: This should be less than or equal to 1, not 2."),
        ({"rate": float("inf")}, "rate: This should be a finite number, not inf."),
        ({"rate": "much"}, "rate: This should be a valid number, unable to parse string as a number, not 'much'."),
        ([1], "as an object"),
        (None, "as an object"),
    ],
)
def test_the_sentence(values, said):
    with pytest.raises(OptionsError) as refused:
        checked(Outer, values)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["\ud800", "\x00", "n" * 100_000, ""])
def test_a_hostile_name_makes_a_short_sentence_that_can_be_sent(name):
    with pytest.raises(OptionsError) as refused:
        checked(Outer, {name: 1})
    str(refused.value).encode()
    assert len(str(refused.value)) < 300


def test_problems_are_kept_by_name():
    with pytest.raises(OptionsError) as refused:
        checked(Outer, {"rate": 7, "inner": {"depth": 0}})
    assert set(refused.value.problems) == {"rate", "inner.depth"}


def test_defaults_are_filled_in():
    assert checked(Outer, {}) == Outer(rate=0.5, inner=Inner(depth=1))
