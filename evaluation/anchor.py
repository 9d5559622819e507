"""The anchor: the gate never promotes by itself what may be worse than the best version that was ever live. Pure.

A tie that is accepted may be a small loss, and a chain of them a great one. So a candidate is held against the best of
what was ever live, too, on the cases that both have answered.
"""

from collections.abc import Sequence

from evaluation.checks import Check, Pair, chance
from evaluation.gate import Evidence, pair, tested
from evaluation.paired import better
from evaluation.policy import Policy
from evaluation.scorers import Scorer


def check_anchor(
    policy: Policy, scorer: Scorer, candidate: Evidence, ever_live: Sequence[Evidence], level: float
) -> Check | None:
    """Whether the candidate holds against each of `ever_live`; the worst of them is told. None where there is none.

    Where ties are accepted it must be shown, at `level`, to be worse by less than the margin. Else it must not be shown
    to be worse by more than the margin, since what it has to beat is live.
    """
    found = [(each.tag, pair(candidate, each)) for each in ever_live if each.tag != candidate.tag]
    checks = [_held(policy, scorer, tag, shared, level) for tag, shared in found]
    return min(checks, key=lambda check: (check.ok, check.value), default=None)


def _held(policy: Policy, scorer: Scorer, tag: str, shared: Pair, level: float) -> Check:
    bound = -policy.margin
    if shared.units < max(1, policy.min_cases):
        detail = f"{tag} was live once and shares {shared.units} cases, too few to hold against"
        return Check("anchor", not policy.accept_tie, 0.0, bound, detail)
    value = scorer.main_value(shared.ours) - scorer.main_value(shared.theirs)
    if policy.accept_tie:
        p = tested(policy, scorer, shared).p
        ok, words = p <= level, "shown" if p <= level else "not shown"
        detail = f"{value:+.3f} against {tag}, once live: {words} to be within {policy.margin:g} ({chance(p)})"
        return Check("anchor", ok, value, bound, detail)
    lost = better(scorer, shared.theirs, shared.ours, groups=shared.groups, bound=policy.margin, seed=policy.seed)
    ok = lost.p > policy.level
    words = "not shown to be worse" if ok else "shown to be worse"
    return Check("anchor", ok, value, bound, f"{value:+.3f} against {tag}, once live: {words}")
