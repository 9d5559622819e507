"""The version beside its neighbours: what is cheaper and has answered the same cases. Pure.

Neighbours are the simple methods (`evaluation.scorers`) and the bare base. The best of them by the main figure is
tested against the version, on the cases that both have answered. It was chosen as the best of several, so its test has
the policy's level divided by their number (Bonferroni): where all are truly as good as the version, one of them is
shown to be better at most as often as the level says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.checks import Check, Pair, chance
from evaluation.paired import Shown, better
from evaluation.policy import Policy
from evaluation.scorers import Scorer

NAME = "neighbours"
_NONE = "no neighbour has answered these cases, so it is held against none"


@dataclass(frozen=True)
class _Beside:
    title: str
    ours: float
    theirs: float
    pair: Pair


def check_neighbours(policy: Policy, scorer: Scorer, beside: Sequence[tuple[str, Pair]]) -> Check | None:
    """The version beside the best of its neighbours, each with its title; None where there is nothing to say.

    It refuses where the policy wants that and the neighbour is shown to be better. What is only measured to be better
    is said, and neither refuses nor holds up.
    """
    rows = [
        _Beside(title, scorer.main_value(pair.ours), scorer.main_value(pair.theirs), pair)
        for title, pair in beside
        if pair.groups
    ]
    if not rows:
        return Check(NAME, True, 0, 0, _NONE) if policy.neighbours_refuse else None
    best = max(rows, key=lambda row: (row.theirs, row.title))
    test = better(
        scorer, best.pair.theirs, best.pair.ours, groups=best.pair.groups, draws=policy.resamples, seed=policy.seed
    )
    is_below = test.p <= policy.level / len(rows)
    refuses = is_below and policy.neighbours_refuse
    detail = _said(policy, scorer, best, test, len(rows), is_below=is_below)
    return Check(NAME, not refuses, best.ours, best.theirs, detail, refuses)


def _said(policy: Policy, scorer: Scorer, best: _Beside, test: Shown, count: int, *, is_below: bool) -> str:
    whom = f"“{best.title}”" if count == 1 else f"“{best.title}”, the best of {count} neighbours"
    if best.ours > best.theirs:
        return f"{scorer.title} {best.ours:.3f} is above the {best.theirs:.3f} of {whom}"
    level = f"one-sided {policy.level / count:.2g}"
    said = f"{scorer.title} {best.ours:.3f} does not beat the {best.theirs:.3f} of {whom}"
    if not is_below:
        return f"{said}, which is not shown to be better ({chance(test.p)}, {level})"
    allowed = "" if policy.neighbours_refuse else "; the policy says so and does not refuse"
    return f"{said}, which is shown to be better ({chance(test.p)}, {level}{allowed})"
