"""The gate: may a version serve? It only reads, and returns a frozen report that says why in one sentence.

The bare base model is the baseline and is not judged. A trained version must reach the policy's minimum by its lower
end and be shown better than the reference (the live trained version, before there is one the baseline) on the same
cases, lose no parsing success and no label; where the policy says so, it must be about as fast, and no neighbour may be
shown to be better. `passed` needs every check met; `refused` needs one shown to fail; the rest is `insufficient`. It
judges this model, not the recipe: another seed gives another one.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from evaluation.check_latency import Timing, check_latency
from evaluation.check_neighbours import check_neighbours
from evaluation.checks import (
    Check,
    Pair,
    check_cases,
    check_difference,
    check_labels,
    check_minimum,
    check_psr,
    worse_of,
)
from evaluation.paired import Difference, Shown, better, compare
from evaluation.policy import Policy
from evaluation.scorers import Scored, Scorer

__all__ = ["Check", "Evidence", "GateReport", "Policy", "Verdict", "decide"]


class Verdict(StrEnum):
    """What the gate says of a version."""

    BASELINE = "baseline"
    PASSED = "passed"
    REFUSED = "refused"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True)
class Evidence:
    """A version's benchmark: its tag, its scored cases by case id, and whether it is the bare base model.

    `groups`: the group of near-duplicates that a case is in, by case id; a case that is not there is one by itself.
    `timing`: how long each case took, and under what load.
    """

    tag: str
    cases: Mapping[Any, Scored]
    is_base: bool = False
    groups: Mapping[Any, Hashable] = field(default_factory=dict)
    timing: Timing = field(default_factory=Timing)

    def group_of(self, case: Any) -> Hashable:
        """What the case is counted with."""
        return ("group", self.groups[case]) if case in self.groups else ("case", case)


@dataclass(frozen=True)
class GateReport:
    """The judgment: verdict, every check with its numbers, and one sentence.

    `difference` with its interval and `test` are None if not tested.
    """

    verdict: Verdict
    sentence: str
    checks: tuple[Check, ...] = ()
    metric: str = ""
    candidate: str = ""
    reference: str = ""
    difference: Difference | None = None
    test: Shown | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


def decide(
    policy: Policy,
    scorer: Scorer,
    candidate: Evidence,
    live: Evidence | None,
    baseline: Evidence | None = None,
    *,
    beside: Sequence[Check] = (),
    neighbours: Sequence[Evidence] = (),
) -> GateReport:
    """Judge `candidate`, a version of a project whose answers `scorer` judges.

    It is held against `live` where that is another trained version, else against the bare base: `baseline`, or
    `live` while the bare base serves. `beside`: checks of other cases (`evaluation.hard`), which may refuse.
    `neighbours` stand beside it, their titles as tags. Raises `ValueError` where a shared case has two right answers.
    """
    metric = scorer.main
    if candidate.is_base:
        sentence = f"{candidate.tag} is the bare base model: the baseline, which is not judged."
        return GateReport(Verdict.BASELINE, sentence, metric=metric, candidate=candidate.tag)
    reference = live if live is not None and live.tag != candidate.tag else None
    if reference is None or reference.is_base:
        reference = baseline or reference
    if reference is None:
        sentence = f"{candidate.tag} cannot be judged: there is no benchmark of the live version or of the baseline."
        return GateReport(Verdict.INSUFFICIENT, sentence, metric=metric, candidate=candidate.tag)
    shared = pair(candidate, reference)
    enough = check_cases(policy, shared)
    if not enough.ok:
        sentence = f"{candidate.tag} cannot be judged against {reference.tag}: {enough.detail}."
        return GateReport(Verdict.INSUFFICIENT, sentence, (enough,), metric, candidate.tag, reference.tag)
    difference, test, (*first, last) = _looked_at(policy, scorer, candidate, shared, reference.tag)
    more = (
        check_neighbours(policy, scorer, [(each.tag, pair(candidate, each)) for each in neighbours]),
        check_latency(policy, candidate.timing, reference.timing, candidate.group_of),
    )
    checks = (enough, *first, *filter(None, more), *beside, last)
    verdict = _verdict(checks)
    sentence = _sentence(verdict, candidate.tag, checks)
    return GateReport(verdict, sentence, checks, metric, candidate.tag, reference.tag, difference, test)


def _looked_at(
    policy: Policy, scorer: Scorer, candidate: Evidence, shared: Pair, tag: str
) -> tuple[Difference, Shown, tuple[Check, ...]]:
    """The difference with its interval, its test, and the checks; that of the difference is the last one."""
    difference = compare(
        scorer,
        shared.ours,
        shared.theirs,
        groups=shared.groups,
        confidence=policy.confidence,
        resamples=policy.resamples,
        seed=policy.seed,
    )
    test, whole = tested(policy, scorer, shared), list(candidate.cases)
    checks = (
        check_minimum(policy, scorer, [candidate.cases[case] for case in whole], list(map(candidate.group_of, whole))),
        check_psr(policy, shared),
        *filter(None, [check_labels(scorer, shared)]),
        check_difference(policy, scorer, difference, test, worse_of(policy, scorer, shared, test), tag),
    )
    return difference, test, checks


def tested(policy: Policy, scorer: Scorer, shared: Pair) -> Shown:
    """The one test that decides: that the first is better than the second by more than the policy's bound."""
    return better(
        scorer,
        shared.ours,
        shared.theirs,
        groups=shared.groups,
        bound=policy.bound,
        draws=policy.resamples,
        seed=policy.seed,
    )


def pair(candidate: Evidence, reference: Evidence) -> Pair:
    """The cases that both have, in one order, so that chance draws the same ones for both.

    Raises `ValueError` where one has two right answers.
    """
    shared = sorted((case for case in candidate.cases if case in reference.cases), key=str)
    for case in shared:
        if candidate.cases[case].expected != reference.cases[case].expected:
            raise ValueError(f"Case {case} has two right answers: the benchmarks are not of one suite.")
    ours, theirs = ([each.cases[case] for case in shared] for each in (candidate, reference))
    return Pair(ours, theirs, list(map(candidate.group_of, shared)))


def _verdict(checks: Sequence[Check]) -> Verdict:
    if any(check.refuses for check in checks):
        return Verdict.REFUSED
    return Verdict.PASSED if all(check.ok for check in checks) else Verdict.INSUFFICIENT


def _sentence(verdict: Verdict, tag: str, checks: Sequence[Check]) -> str:
    """One sentence: what failed, worst first, or for a pass everything."""
    *others, difference = checks
    if verdict == Verdict.PASSED:
        return f"{tag} passed: {difference.detail}; {'; '.join(check.detail for check in others)}."
    if verdict == Verdict.INSUFFICIENT:
        open_ = "; ".join(check.detail for check in (difference, *others) if not check.ok)
        return f"{tag} is neither passed nor refused: {open_}, so more cases or a clearer gain are needed."
    return f"{tag} is refused: {'; '.join(check.detail for check in (difference, *others) if check.refuses)}."


if __name__ == "__main__":
    import sys

    from evaluation.gate_command import run

    sys.exit(run(sys.argv[1:]))
