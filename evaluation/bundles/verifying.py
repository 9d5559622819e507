"""What a bundle says, worked out again from its answers: a line for each thing that is looked at."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from evaluation.bundles import moved, spent
from evaluation.bundles.cases import Cases
from evaluation.bundles.comparing import Compared, plain
from evaluation.bundles.reading import Bundle
from evaluation.bundles.shapes import FrozenSuite, ReportPart, Role
from evaluation.check_latency import load_in
from evaluation.checks import Check
from evaluation.gate import Evidence, GateReport, Policy, decide
from evaluation.hard import check_hard
from evaluation.metrics import summary
from evaluation.scorers import SCORERS

# What is wrong in a bundle that is whole: its values are of no use to the functions that work them out.
MALFORMED = (ArithmeticError, AttributeError, KeyError, LookupError, TypeError, ValueError)
_SHOWN = 3


class Said(NamedTuple):
    """One line: whether it holds, or None of what this file cannot show."""

    ok: bool | None
    what: str
    sentence: str


def verify(bundle: Bundle) -> Iterator[Said]:
    """Everything that is looked at, in order."""
    yield Said(True, "file", f"{bundle.lines} lines, whole; SHA-256 {bundle.digest}")
    report, cases = bundle.report, bundle.cases
    if cases is not None and report is not None:
        yield from _cases(bundle.suite, cases)
        yield from _hard(bundle)
        yield from _figures(bundle, cases, report)
    found = None
    if report is not None and (cases is not None or report.verdict == "baseline"):
        try:
            found = _decided(bundle)
        except MALFORMED as error:
            yield Said(False, "verdict", f"it cannot be worked out from these answers: {error!r}"[:300])
    if found is not None and report is not None:
        yield _verdict(bundle, found, report)
        yield from (Said(*each) for each in spent.looked_at(bundle, found))
    yield from (Said(*each) for each in moved.looked_at(bundle))


def _hard(bundle: Bundle) -> Iterator[Said]:
    """The hard cases, where the judgment had some."""
    if bundle.hard is not None:
        yield from (Said(ok, f"hard {what}", said) for ok, what, said in _cases(bundle.hard_suite, bundle.hard))
    elif bundle.hard_suite is not None:
        yield Said(False, "hard suite", "is named, and its cases are not there.")


def _cases(suite: FrozenSuite | None, cases: Cases) -> Iterator[Said]:
    assert suite is not None
    cases.check_order()
    count = len(cases.kept)
    try:
        digest = cases.digest(suite.gone)
    except ValueError as error:
        digest = f"none ({error})"
    if cases.numbering.count:
        yield Said(False, "suite", f"{cases.numbering}.")
    elif count != suite.size or digest != suite.digest:
        other = f"{count} cases of digest {digest} are not the suite, {suite.size} of digest {suite.digest}."
        yield Said(False, "suite", other)
    else:
        yield Said(True, "suite", f"number {suite.number}: its {count} cases have its digest {digest}.")
    found = f": {cases.scoring}" if cases.scoring.count else ", as kept"
    yield Said(not cases.scoring.count, "scores", f"{cases.answers} answers were scored again{found}.")
    unread = f" {cases.unread} came cut off or not at all, and count as failed." if cases.unread else ""
    again = f"{cases.read_again} answers were read again from what came"
    as_kept = not cases.reading.count
    yield Said(as_kept, "reading", f"{again}, as kept.{unread}" if as_kept else f"{again}: {cases.reading}.")


def _figures(bundle: Bundle, cases: Cases, report: ReportPart) -> Iterator[Said]:
    for role, kept in report.figures.items():
        tag = bundle.versions[role].tag if role in bundle.versions else role
        if not cases.has(role):
            yield Said(False, "figures", f"of {tag} are there, and answers to all cases are not.")
            continue
        groups = [case.group for case in cases.kept]
        latencies = [case.latencies[role] for case in cases.kept if case.latencies[role] > 0]
        try:
            found = plain(summary(cases.scorer, cases.scored(role), latencies, groups=groups))
        except MALFORMED as error:
            yield Said(False, "figures", f"of {tag} cannot be worked out: {error!r}"[:300])
            continue
        compared = Compared()
        compared.value("", {name: kept[name] for name in found.keys() & kept.keys()}, found)
        yield _said("figures", f"of {tag}", compared)


def _decided(bundle: Bundle) -> GateReport:
    """The gate's own judgment of these answers. Raises one of `MALFORMED`."""
    ours, policy = bundle.versions["candidate"], bundle.policy or Policy()
    if bundle.cases is None:
        evidence = Evidence(ours.tag, {}, is_base=ours.number == 0)
        return decide(Policy(), SCORERS[bundle.specs["candidate"].kind], evidence, None)
    live = _evidence(bundle, bundle.cases, "reference") if bundle.cases.has("reference") else None
    beside = [bundle.cases.neighbour(each.name, each.title) for each in bundle.neighbours]
    candidate, scorer = _evidence(bundle, bundle.cases, "candidate"), bundle.cases.scorer
    return decide(policy, scorer, candidate, live, beside=_beside(bundle), neighbours=beside)


def _beside(bundle: Bundle) -> tuple[Check, ...]:
    """What the hard cases say, where both versions were asked them."""
    hard = bundle.hard
    if hard is None or not hard.has("reference"):
        return ()
    ours, theirs = _evidence(bundle, hard, "candidate"), _evidence(bundle, hard, "reference")
    return check_hard(bundle.policy or Policy(), hard.scorer, ours, theirs, hard.must_pass())


def _evidence(bundle: Bundle, cases: Cases, role: Role) -> Evidence:
    version = bundle.versions[role]
    load = load_in(bundle.report.figures.get(role, {})) if bundle.report else None
    return cases.evidence(role, version.tag, is_base=version.number == 0, load=load)


def _verdict(bundle: Bundle, found: GateReport, report: ReportPart) -> Said:
    names = ("difference", "test") if found.difference is not None else ()
    kept: dict[str, Any] = {"verdict": report.verdict, "sentence": report.sentence, "checks": report.checks}
    kept |= {"reference": report.held_against or "", **{name: report.told.get(name) for name in names}}
    whole: dict[str, Any] = plain(found.as_dict())
    compared = Compared()
    compared.value("", kept, {name: whole[name] for name in kept})
    named = [{"name": each.name, "title": each.title, "uid": each.uid} for each in bundle.neighbours]
    compared.value("neighbours", report.told.get("neighbours", []), named)
    return _said("verdict", f"“{found.verdict}”", compared)


def _said(what: str, of: str, compared: Compared) -> Said:
    if compared.faults:
        rest = f"; and {len(compared.faults) - _SHOWN} more" if len(compared.faults) > _SHOWN else ""
        return Said(False, what, f"{of}, worked out again: {'; '.join(compared.faults[:_SHOWN])}{rest}.")
    return Said(True, what, f"{of}, worked out again: {compared.said}.")
