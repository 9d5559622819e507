"""How much error the automatic gate may still make: alpha spending over the rounds of a project. Pure.

A budget (5 % unless the policy says otherwise) stands for so many judged rounds (20). Each round that begins adds its
share. Every look of the automatic gate spends a level, before anything is known of its outcome and whatever the
outcome: three fifths of what is there, so that there is always something for another. A candidate that was not decided
gets another look once the suite has grown. What the looks leave is carried on to later ones. Since the levels of all
looks add up to no more than the budget, the chance that any of them promotes what is no better is no more than the
budget either (the union bound: it does not matter how the looks hang together). After the last round of a period the
next one begins with its own budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass

FIRST_SHARE = 0.6
AGAIN_SHARE = 0.6
# A candidate that was not decided is looked at again once there are so many times as many cases.
GROWTH = 1.2


@dataclass(frozen=True)
class Look:
    """A look that was paid for: its level, and whether it was the first at its candidate, and so began a round."""

    level: float
    is_first: bool


@dataclass(frozen=True)
class Gauge:
    """Where a project stands: the current period's number (from 1), its rounds so far, what is spent, what is there.

    `there` is what the rounds so far have added and no look has spent; `left` what the whole period still has.
    """

    budget: float
    rounds: int
    period: int
    round: int
    spent: float

    @property
    def there(self) -> float:
        """What the next look at a known candidate may spend of."""
        return max(0.0, self.budget * self.round / self.rounds - self.spent)

    @property
    def left(self) -> float:
        """What the period still has, its coming rounds included."""
        return max(0.0, self.budget - self.spent)


def gauge(looks: Sequence[Look], budget: float, rounds: int) -> Gauge:
    """Where `looks`, all of a project in their order, have left its budget.

    A look at a known candidate before any round began opens the first.
    """
    period, begun, spent = 1, 0, 0.0
    for look in looks:
        if look.is_first:
            if begun >= rounds:
                period, begun, spent = period + 1, 0, 0.0
            begun += 1
        spent += look.level
    return Gauge(budget, rounds, period, begun, spent)


def grant(looks: Sequence[Look], budget: float, rounds: int, *, is_first: bool, most: float = 1.0) -> Look:
    """The look that comes next, with the level that it spends: `most` at most."""
    found = gauge(looks, budget, rounds)
    if not is_first:
        return Look(min(most, AGAIN_SHARE * found.there), is_first)
    begun, spent = (0, 0.0) if found.round >= rounds else (found.round, found.spent)
    there = max(0.0, budget * (begun + 1) / rounds - spent)
    return Look(min(most, FIRST_SHARE * there), is_first)


def is_due_again(cases: int, looked_at: int) -> bool:
    """Whether a suite has grown enough, from `looked_at` units to `cases`, for another look to be worth its level."""
    return cases >= GROWTH * looked_at - 1e-9
