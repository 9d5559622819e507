"""The hard cases: what a new version may not lose. They may refuse it, and never promote it. Pure.

A must-pass case that the reference had right and the version has wrong refuses: a manager's rule, not a test. All hard
cases together refuse where a loss of more than the policy's margin is shown. Nobody drew them by chance, so their
figure says nothing of other texts and is added to none.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any

from evaluation.checks import Check, Pair, chance
from evaluation.gate import Evidence, pair
from evaluation.paired import better
from evaluation.policy import Policy
from evaluation.scorers import Scored, Scorer

_NAMED = 10


def check_hard(
    policy: Policy, scorer: Scorer, candidate: Evidence, reference: Evidence, must_pass: Mapping[Hashable, int]
) -> tuple[Check, ...]:
    """What the hard cases say of `candidate`. `must_pass`: the numbers of such cases by their key.

    Nothing where the two share none. Raises `ValueError` where a case has two right answers.
    """
    shared = pair(candidate, reference)
    if not shared.groups:
        return ()
    tag, marked = reference.tag, [case for case in candidate.cases if case in must_pass and case in reference.cases]
    must = check_must_pass(
        scorer, {must_pass[case]: (candidate.cases[case], reference.cases[case]) for case in marked}, tag
    )
    return tuple(filter(None, [must, check_not_lost(policy, scorer, shared, tag)]))


def check_must_pass(scorer: Scorer, cases: Mapping[int, tuple[Scored, Scored]], tag: str) -> Check | None:
    """No case that must pass is lost; `cases`: both answers by the case's number. None where no case must."""
    if not cases:
        return None
    lost, known = lost_cases(scorer, cases), sum(scorer.is_exact(theirs) for _, theirs in cases.values())
    if lost:
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        named = f"{', '.join(map(str, lost[:_NAMED]))}{more}"
        detail = f"must-pass cases that {tag} has right are wrong: {len(lost)} of {known} (hard cases {named})"
    else:
        detail = f"none of the {known} must-pass cases that {tag} has right is lost"
    return Check("must_pass", not lost, len(lost), 0, detail, bool(lost))


def lost_cases(scorer: Scorer, cases: Mapping[int, tuple[Scored, Scored]]) -> list[int]:
    """The numbers of cases that the second answer has right as a whole, and the first does not."""
    return sorted(
        number for number, (ours, theirs) in cases.items() if scorer.is_exact(theirs) and not scorer.is_exact(ours)
    )


def check_not_lost(policy: Policy, scorer: Scorer, shared: Pair, tag: str) -> Check:
    """No loss beyond the margin is shown on the hard cases together.

    By the exact test that anything is lost *and*, with a margin, by the approximate one that more than that is: so a
    handful of cases refuses no sooner than chance allows.
    """
    ours, theirs = scorer.main_value(shared.ours), scorer.main_value(shared.theirs)
    p = max(
        better(
            scorer,
            shared.theirs,
            shared.ours,
            groups=shared.groups,
            bound=bound,
            draws=policy.resamples,
            seed=policy.seed,
        ).p
        for bound in {0.0, policy.hard_margin}
    )
    refuses = p <= policy.level
    words = "shown to be worse" if refuses else "not shown to be worse"
    beyond = f" by more than {policy.hard_margin:g}" if policy.hard_margin else ""
    detail = (
        f"{scorer.title} of the hard cases {ours:.3f} against {theirs:.3f} of {tag}, {words}{beyond} "
        f"({chance(p)}, one-sided {policy.level:.2g}; {shared.unit})"
    )
    return Check("hard", not refuses, ours - theirs, -policy.hard_margin, detail, refuses)


def numbers_of(cases: Iterable[tuple[Any, int, Collection[str]]]) -> dict[Hashable, int]:
    """The numbers of must-pass cases by their key; of each case its key, number and reasons."""
    return {key: number for key, number, reasons in cases if "must_pass" in reasons}
