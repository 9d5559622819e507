"""Does what is accepted keep its promise? By the random part that experts still answer, blind to it. Pure.

Each answer is a bet against the promise: 'no more than this share is wrong'. The stake grows with what is wrong and
shrinks with what is right. If the promise holds, the stake ever reaches 1 / `alarm` with a chance of `alarm` at most
(J. Ville, 1939), so it may be looked at after each answer, for ever. What is bet on is a mixture of larger shares.
"""

import math
from collections.abc import Iterable

# The shares that are bet on, as multiples of the promised one.
_TIMES = (1.5, 2.0, 3.0, 5.0, 10.0)
# No share lies above this.
_MOST = 0.95
# Beyond this a number is none any more; the bets were won long before.
_ENDLESS = 700.0
# Answers of experts that may wait before no more is accepted.
WAITING = 20


def stake(right: Iterable[bool], wrong: float) -> float:
    """What the bets are worth at their highest; they began with 1. `wrong`: the share that is promised, 0 to 1."""
    bets = [min(_MOST, times * wrong) for times in _TIMES]
    worth, highest = [0.0] * len(bets), 1.0
    for is_right in right:
        for place, bet in enumerate(bets):
            worth[place] += math.log((1 - bet) / (1 - wrong)) if is_right else math.log(bet / wrong)
        highest = max(highest, math.fsum(math.exp(min(each, _ENDLESS)) for each in worth) / len(worth))
    return highest


def is_broken(right: Iterable[bool], wrong: float, alarm: float) -> bool:
    """Whether the answers, in the order in which they were given, show that more than `wrong` are wrong."""
    return stake(right, wrong) >= 1 / alarm
