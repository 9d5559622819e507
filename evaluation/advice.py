"""What a suite can show, and how many more cases would decide. Pure; normal approximations, rounded up.

From the standard error of the difference where it was measured; before that, from the share of cases on which two
versions are taken to differ.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from evaluation.paired import Difference, Shown

# How often a true gain of the size spoken of is shown.
POWER = 0.8
# Before anything is measured two versions are taken to differ on this share of the cases.
DIFFERING = 0.2
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Advice:
    """`smallest` gain that so many units show in four of five judgments; `more` units that would decide the measured
    one, 0 where it is decided, None where more of them would rather show that there is none.
    """

    smallest: float
    more: int | None
    sentence: str


def smallest_gain(units: int, level: float, spread: float = math.sqrt(DIFFERING)) -> float:
    """The least true gain over the bound that `units` show in four of five judgments at a one-sided `level`.

    `spread`: the standard deviation of a unit's difference. At most 1; 1 of no units.
    """
    return min(1.0, _sum_of_quantiles(level) * spread / math.sqrt(units)) if units > 0 else 1.0


def needed(gain: float, level: float, spread: float) -> int | None:
    """How many units show a true `gain` over the bound in four of five judgments; None of no gain."""
    return math.ceil((_sum_of_quantiles(level) * spread / gain) ** 2) if gain > 0 else None


def before(units: int, level: float, least: int) -> str:
    """What is said of a suite that nothing was judged on yet. `least`: units that the policy asks for."""
    if units < least:
        return (
            f"{units} of {least} cases are there: review test texts first. Until then a person may promote by hand, "
            "with open eyes."
        )
    return (
        f"The smallest gain that these {units} cases show in four of five judgments: "
        f"{smallest_gain(units, level):.1%}, where two versions differ on {DIFFERING:.0%} of the cases."
    )


def after(found: Difference, test: Shown, level: float, confidence: float, *, decided: bool) -> Advice:
    """What is said after a judgment at `level`; `confidence` is that of the difference's interval."""
    spread = spread_of(found, test, confidence)
    smallest = smallest_gain(test.groups, level, spread)
    says = f"The smallest gain that {test.groups} cases show in four of five judgments is {smallest:.1%}"
    if decided:
        return Advice(smallest, 0, f"{says}.")
    gain = found.value - test.bound
    wanted = needed(gain, level, spread)
    if wanted is None:
        over = "a gain" if test.bound <= 0 else f"a gain over {test.bound:g}"
        none = f"{says}; none was measured here: more would rather show that {over} is not there."
        return Advice(smallest, None, none)
    more = max(1, wanted - test.groups)
    return Advice(smallest, more, f"{says}; if the true one is as measured ({gain:+.1%}), about {more} more decide.")


def spread_of(found: Difference, test: Shown, confidence: float) -> float:
    """The standard deviation of a unit's difference, by the width of an interval of `confidence`; never 0."""
    wide = 2 * _NORMAL.inv_cdf((1 + confidence) / 2)
    spread = (found.high - found.low) / wide * math.sqrt(test.groups)
    return spread or math.sqrt(max(1, test.differing) / test.groups)


def _sum_of_quantiles(level: float) -> float:
    return _NORMAL.inv_cdf(1 - level) + _NORMAL.inv_cdf(POWER)
