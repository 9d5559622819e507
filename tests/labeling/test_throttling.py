"""The rule by which log-ins wait: free at first, doubling, bounded, forgotten in time."""

import pytest

from labeling.throttling import RULES, Rule, neighbourhood

pytestmark = pytest.mark.pure
RULE = Rule(free=3, first=2, longest=60, forgets=100)


@pytest.mark.parametrize(
    ("level", "seconds"), [(0, 0), (2, 0), (2.4, 0), (2.9, 2), (3, 2), (4, 4), (5, 8), (7, 32), (8, 60), (5000, 60)]
)
def test_waits_double_up_to_the_longest(level, seconds):
    assert RULE.wait(level) == seconds


@pytest.mark.parametrize(("seconds", "left"), [(0, 4.0), (-5, 4.0), (50, 3.5), (100, 3.0), (400, 0.0), (10**9, 0.0)])
def test_failures_are_forgotten_bit_by_bit(seconds, left):
    assert RULE.sunk(4.0, seconds) == left


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_who_never_stops_guessing_gets_few_guesses_a_day(rule):
    level = clock = guesses = 0.0
    while clock < 24 * 3600:
        level += 1
        guesses += 1
        pause = max(rule.wait(level), 0.01)
        level = rule.sunk(level, pause)
        clock += pause
    assert (
        guesses
        < {"account": 150, "browser": 150, "address": 1600, "reset": 50, "reset_address": 400}[
            next(name for name, each in RULES.items() if each is rule)
        ]
    )


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ],
)
def test_a_household_of_ipv6_is_one_address(address, counted):
    assert neighbourhood(address) == counted
