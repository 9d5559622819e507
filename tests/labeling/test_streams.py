"""Which stream comes when: exactly by the shares, over any round, wherever it begins."""

from collections import Counter
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling import streams
from labeling.streams import Shares, cycle, stream_at, then, wants_validation

pytestmark = pytest.mark.pure
SHARES = st.integers(0, 100).flatmap(lambda a: st.integers(0, 100 - a).map(lambda b: Shares(a, b, 100 - a - b)))


@given(SHARES, st.integers(0, 10**6))
def test_a_round_has_each_stream_exactly_by_its_share_wherever_it_begins(shares, begin):
    size = 100 // gcd(*shares)
    counts = Counter(stream_at(turn, shares) for turn in range(begin, begin + size))
    assert {name: counts[name] * 100 for name in shares._fields} == {
        name: share * size for name, share in shares._asdict().items()
    }


@given(SHARES, st.integers(1, 250))
def test_no_stream_is_ever_far_behind(shares, length):
    counts = Counter(stream_at(turn, shares) for turn in range(length))
    for name, share in shares._asdict().items():
        assert abs(counts[name] - length * share / 100) < 2


def test_by_default_chance_has_a_fifth_and_so_have_test_texts():
    assert Counter(cycle(Shares())) == {streams.TEACH: 3, streams.RANDOM: 1, streams.BLIND: 1}


@given(SHARES)
def test_without_test_texts_chance_keeps_its_share_and_the_rest_teaches(shares):
    found = shares.without_blind()
    assert (sum(found), found.blind) == (100, 0)
    assert found.random == (shares.random if shares.teach else 100)


@given(SHARES, st.floats(0, 1))
def test_validation_texts_have_their_part_as_far_as_chance_draws(shares, validation):
    size, rounds = len(cycle(shares)), 200
    asked = [wants_validation(turn, shares, validation) for turn in range(0, size * rounds, size)]
    drawn = shares.random / (shares.teach + shares.random) if shares.random else 0.0
    wanted = min(drawn, validation) / drawn if drawn else 0.0
    assert abs(sum(asked) / rounds - wanted) <= 1 / rounds + 1e-9


def test_shares_that_are_none_are_refused():
    for wrong in (Shares(50, 20, 20), Shares(120, -20, 0)):
        with pytest.raises(ValueError, match="add up to 100"):
            cycle(wrong)


def test_where_a_stream_has_nothing_left_chance_fills_up_first():
    assert then("teach") == ("teach", "random", "blind")
    assert then("blind") == ("blind", "random", "teach")
