"""What the gate looks at, one thing at a time. Pure.

Each check is met, not shown, or shown to fail (`refuses`). The unit is the group of near-duplicate cases: texts that
say the same are right or wrong together, and so count once.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from evaluation.paired import INTERVAL, Difference, Shown, better, interval, reads_better
from evaluation.policy import Policy
from evaluation.scorers import Scored, Scorer
from evaluation.scorers.base import ratio

# A label is missed where the reference had it right in so many groups and the version has it right in none. Were they
# alike, all of five would fall on one side in one of 32.
LABEL_GROUPS = 5
_SHOWN_LABELS = 5


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: the value found, the bound it is held to, and the numbers in words.

    `refuses`: it is shown to fail. Neither that nor `ok`: not shown either way.
    """

    name: str
    ok: bool
    value: float
    bound: float
    detail: str
    refuses: bool = False


@dataclass(frozen=True)
class Pair:
    """The cases that two versions share, in one order, with the group of each."""

    ours: list[Scored]
    theirs: list[Scored]
    groups: list[Hashable]

    @property
    def units(self) -> int:
        """How many groups there are."""
        return len(set(self.groups))

    @property
    def unit(self) -> str:
        """What is counted, in words."""
        return unit(len(self.groups), self.units)


def unit(cases: int, groups: int) -> str:
    """What a test counts: cases, or groups where some cases are near-duplicates of others."""
    return f"{cases} cases" if cases == groups else f"{groups} groups of near-duplicates ({cases} cases)"


def chance(p: float) -> str:
    """A p-value as it is read out."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.4f}" if p < 0.01 else f"p = {p:.3f}"


def check_cases(policy: Policy, pair: Pair) -> Check:
    """Enough units to judge by."""
    ok = pair.units >= max(1, policy.min_cases)
    shared = f"{len(pair.groups)} shared cases"
    if pair.units != len(pair.groups):
        shared = f"{pair.units} groups of near-duplicates among {shared}"
    detail = shared if ok else f"only {shared} where {policy.min_cases} are asked for"
    return Check("cases", ok, pair.units, policy.min_cases, detail)


def check_minimum(policy: Policy, scorer: Scorer, cases: Sequence[Scored], groups: Sequence[Hashable]) -> Check:
    """The lower end of the figure, one-sided, reaches the minimum; refused where the upper end does not."""
    if not policy.minimum:
        return Check("minimum", True, scorer.main_value(cases), 0.0, "no minimum is asked for")
    value, confidence = scorer.main_value(cases), max(0.0, 2 * policy.confidence - 1)
    low, high = interval(scorer, cases, groups=groups, confidence=confidence, seed=policy.seed) or (0.0, 1.0)
    ok, refuses = low >= policy.minimum, high < policy.minimum
    words = "reaches" if ok else "does not reach" if refuses else "is not shown to reach"
    sure = f"{policy.confidence:.0%} sure to be {low:.3f} or more" if not refuses else f"{high:.3f} at most"
    detail = f"{scorer.title} {value:.3f} ({sure}) {words} the minimum of {policy.minimum:.3f}"
    return Check("minimum", ok, low, policy.minimum, detail, refuses)


def check_psr(policy: Policy, pair: Pair) -> Check:
    """No loss of parsing success beyond the tolerance is shown."""
    ours, theirs = _read(pair.ours), _read(pair.theirs)
    lost = reads_better(pair.theirs, pair.ours, groups=pair.groups, bound=policy.psr_tolerance)
    refuses = lost.p <= policy.level
    words = "falls below" if refuses else "is not shown to fall below" if ours < theirs else "holds"
    said = f" ({chance(lost.p)})" if ours < theirs else ""
    detail = f"parsing success {ours:.3f} {words} the {theirs:.3f} of the reference{said}"
    tolerance = f" (up to {policy.psr_tolerance:.3f} may be lost)" if policy.psr_tolerance else ""
    return Check("psr", not refuses, ours, theirs - policy.psr_tolerance, detail + tolerance, refuses)


def check_labels(scorer: Scorer, pair: Pair) -> Check | None:
    """No label that the reference knows is lost altogether; None where the kind has no labels, or none is known."""
    ours = _right_in(scorer, zip(pair.ours, pair.groups, strict=True))
    theirs = _right_in(scorer, zip(pair.theirs, pair.groups, strict=True))
    known = {label: count for label, count in theirs.items() if count >= LABEL_GROUPS}
    if not known:
        return None
    lost = sorted((label for label in known if not ours[label]), key=lambda label: (-known[label], label))
    named = [f"“{label}”, right in {known[label]} before, is never right" for label in lost[:_SHOWN_LABELS]]
    more = [f"{len(lost) - _SHOWN_LABELS} more are lost"] if len(lost) > _SHOWN_LABELS else []
    detail = ", ".join([*named, *more]) or f"each of {len(known)} labels that the reference knows is still given"
    return Check("labels", not lost, len(lost), 0, detail, bool(lost))


def check_difference(policy: Policy, scorer: Scorer, found: Difference, test: Shown, worse: float, tag: str) -> Check:
    """The version is shown to be better than the bound; refused where it is shown to be worse."""
    ok, refuses = test.p <= policy.level, worse <= policy.level
    said = (
        f"{scorer.title} {found.candidate:.3f} against {found.reference:.3f} of {tag}, difference {found.value:+.3f} "
        f"({policy.confidence:.0%} interval {found.low:+.3f} to {found.high:+.3f}; {INTERVAL})"
    )
    if ok:
        words, p = f"shown to be {_more_than(policy)}", test.p
    elif refuses:
        words, p = f"shown not to be {_more_than(policy)}" if policy.bound > 0 else "shown to be worse", worse
    else:
        words, p = f"not shown to be {_more_than(policy)}", test.p
    detail = f"{said}, {words} ({chance(p)}, {_told(policy, test)})"
    return Check("difference", ok, found.value, policy.bound, detail, refuses and not ok)


def worse_of(policy: Policy, scorer: Scorer, pair: Pair, test: Shown) -> float:
    """The p of the other side: that the version is worse than the reference, or than a margin it should exceed."""
    if not policy.bound:
        return 1 - test.p if test.differing else 1.0
    bound, draws, seed = -max(policy.bound, 0.0), policy.resamples, policy.seed
    return better(scorer, pair.theirs, pair.ours, groups=pair.groups, bound=bound, draws=draws, seed=seed).p


def _more_than(policy: Policy) -> str:
    if policy.accept_tie:
        return f"worse by {policy.margin:g} at most"
    return f"better by more than {policy.margin:g}" if policy.margin else "better"


def _told(policy: Policy, test: Shown) -> str:
    names = {
        "exact": "sign-flip permutation test, exact",
        "drawn": f"sign-flip permutation test, {policy.resamples:,} draws, standard error {test.error:.4f}",
        "approximate": "test against the bound, approximate",
    }
    return (
        f"one-sided {policy.level:.2g}; {names[test.method]}; {unit(test.rows, test.groups)}, {test.differing} differ"
    )


def _read(cases: Sequence[Scored]) -> float:
    return ratio(sum(not case.is_failed for case in cases), len(cases))


def _right_in(scorer: Scorer, rows: Iterable[tuple[Scored, Hashable]]) -> Counter[str]:
    """In how many groups each label was right at least once."""
    return Counter(
        label for label, _ in {(label, group) for case, group in rows for label in scorer.right_labels(case)}
    )
