"""The gate: may a version serve? It only reads, and returns a frozen report that says why in one sentence.

The bare base model is the baseline and is not judged. A trained version must reach the policy's minimum and beat
the reference (the live trained version, before there is one the baseline) by a paired test on the same cases, and
without losing parsing success. `passed` needs the whole interval of the difference above the bound; `refused` needs
proof (the interval lies below, the minimum is not reached, parsing success is lost); the rest is `insufficient`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field

from common.options import Options
from evaluation.metrics import psr
from evaluation.paired import TEST, Difference, compare
from evaluation.scorers import Scored, Scorer


class Verdict(StrEnum):
    """What the gate says of a version."""

    BASELINE = "baseline"
    PASSED = "passed"
    REFUSED = "refused"
    INSUFFICIENT = "insufficient"


class Policy(Options):
    """What a version must show.

    `minimum` of the main figure (0 to 1); `margin` that the interval's lower end must lie above - with `accept_tie`
    it is the loss that is tolerated instead; `psr_tolerance`, the parsing success that may be lost; `min_cases`
    shared with the reference; `free_cases` asked without the schema, too; `confidence` of the interval. `resamples` and
    `seed` fix the bootstrap.
    """

    minimum: float = Field(default=0.3, ge=0, le=1)
    margin: float = Field(default=0.0, ge=0, le=1)
    accept_tie: bool = False
    psr_tolerance: float = Field(default=0.0, ge=0, le=1)
    min_cases: int = Field(default=30, ge=0, le=1_000_000)
    free_cases: int = Field(default=50, ge=0, le=1_000_000)
    confidence: float = Field(default=0.95, ge=0.5, le=0.999)
    resamples: int = Field(default=10_000, ge=100, le=1_000_000)
    seed: int = Field(default=7, ge=0, lt=2**32)

    @property
    def bound(self) -> float:
        """What the interval of the difference must lie above."""
        return -abs(self.margin) if self.accept_tie else self.margin


@dataclass(frozen=True)
class Evidence:
    """A version's benchmark: its tag, its scored cases by case id, and whether it is the bare base model."""

    tag: str
    cases: Mapping[Any, Scored]
    is_base: bool = False


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: the value found, the bound it is held to, and the numbers in words."""

    name: str
    ok: bool
    value: float
    bound: float
    detail: str


@dataclass(frozen=True)
class GateReport:
    """The judgment: verdict, every check with its numbers, and one sentence. `difference` is None if not tested."""

    verdict: Verdict
    sentence: str
    checks: tuple[Check, ...] = ()
    metric: str = ""
    candidate: str = ""
    reference: str = ""
    difference: Difference | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


def decide(
    policy: Policy, scorer: Scorer, candidate: Evidence, live: Evidence | None, baseline: Evidence | None = None
) -> GateReport:
    """Judge `candidate`, a version of a project whose answers `scorer` judges.

    It is held against `live` where that is another trained version, else against the bare base: `baseline`, or
    `live` while the bare base serves. Raises `ValueError` where a shared case has two right answers.
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
    ours, theirs = _pair(candidate, reference)
    enough = _check_cases(policy, len(ours))
    if not enough.ok:
        sentence = f"{candidate.tag} cannot be judged against {reference.tag}: {enough.detail}."
        return GateReport(
            Verdict.INSUFFICIENT, sentence, (enough,), metric, candidate=candidate.tag, reference=reference.tag
        )
    difference = compare(
        scorer, ours, theirs, confidence=policy.confidence, resamples=policy.resamples, seed=policy.seed
    )
    checks = (
        enough,
        _check_minimum(policy, scorer, scorer.main_value(list(candidate.cases.values()))),
        _check_psr(policy, psr(ours), psr(theirs)),
        _check_difference(policy, scorer, difference, reference.tag),
    )
    verdict = _verdict(policy, checks, difference)
    sentence = _sentence(verdict, candidate.tag, checks)
    return GateReport(verdict, sentence, checks, metric, candidate.tag, reference.tag, difference)


def _pair(candidate: Evidence, reference: Evidence) -> tuple[list[Scored], list[Scored]]:
    """The cases that both have, in one order, so that chance draws the same ones for both."""
    shared = [case for case in candidate.cases if case in reference.cases]
    for case in shared:
        if candidate.cases[case].expected != reference.cases[case].expected:
            raise ValueError(f"Case {case} has two right answers: the benchmarks are not of one suite.")
    shared.sort(key=str)
    return [candidate.cases[case] for case in shared], [reference.cases[case] for case in shared]


def _check_cases(policy: Policy, shared: int) -> Check:
    ok = shared >= max(1, policy.min_cases)
    detail = f"{shared} shared cases" if ok else f"only {shared} shared cases where {policy.min_cases} are asked for"
    return Check("cases", ok, shared, policy.min_cases, detail)


def _check_minimum(policy: Policy, scorer: Scorer, value: float) -> Check:
    ok = value >= policy.minimum
    words = "reaches" if ok else "does not reach"
    detail = f"{scorer.title} {value:.3f} {words} the minimum of {policy.minimum:.3f}"
    return Check("minimum", ok, value, policy.minimum, detail)


def _check_psr(policy: Policy, ours: float, theirs: float) -> Check:
    bound = theirs - policy.psr_tolerance
    ok = ours >= bound - 1e-12  # equal rates must not differ by rounding
    detail = f"parsing success {ours:.3f} {'holds' if ok else 'falls below'} the {theirs:.3f} of the reference"
    tolerance = f" (up to {policy.psr_tolerance:.3f} may be lost)" if policy.psr_tolerance else ""
    return Check("psr", ok, ours, bound, detail + tolerance)


def _check_difference(policy: Policy, scorer: Scorer, found: Difference, tag: str) -> Check:
    where = "lies above" if found.low > policy.bound else "lies below" if found.high < policy.bound else "straddles"
    shown = policy.bound
    if found.low <= policy.bound and found.high < 0:
        where, shown = "lies below", 0.0
    interval = f"{policy.confidence:.0%} interval ({found.low:+.3f} to {found.high:+.3f}; {TEST})"
    detail = (
        f"{scorer.title} {found.candidate:.3f} against {found.reference:.3f} of {tag}, "
        f"difference {found.value:+.3f}, whose {interval} {where} {shown:g}"
    )
    return Check("difference", found.low > policy.bound, found.value, policy.bound, detail)


def _verdict(policy: Policy, checks: Sequence[Check], found: Difference) -> Verdict:
    others = [check for check in checks if check.name != "difference"]
    if not all(check.ok for check in others):
        return Verdict.REFUSED
    if found.low > policy.bound:
        return Verdict.PASSED
    return Verdict.REFUSED if found.high < max(policy.bound, 0.0) else Verdict.INSUFFICIENT


def _sentence(verdict: Verdict, tag: str, checks: Sequence[Check]) -> str:
    """One sentence: what failed, worst first, or for a pass everything."""
    *others, difference = checks
    failed = [check.detail for check in others if not check.ok]
    if verdict == Verdict.PASSED:
        return f"{tag} passed: {difference.detail}; {'; '.join(check.detail for check in others)}."
    if verdict == Verdict.INSUFFICIENT:
        return f"{tag} is neither passed nor refused: {difference.detail}, so more cases or a clearer gain are needed."
    return f"{tag} is refused: {'; '.join(([] if difference.ok else [difference.detail]) + failed)}."
