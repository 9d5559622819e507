"""The look of the automatic gate in a bundle: its level from the looks before it, and what it lets the gate do."""

from collections.abc import Iterator

from common.options import OptionsError, checked
from evaluation import advice, budget, clearing
from evaluation.anchor import check_anchor
from evaluation.bundles.comparing import Compared, plain
from evaluation.bundles.reading import Bundle
from evaluation.bundles.shapes import LookPart, ReportPart
from evaluation.checks import Check
from evaluation.gate import GateReport, Verdict
from evaluation.policy import Policy

Line = tuple[bool | None, str, str]


def looked_at(bundle: Bundle, found: GateReport) -> Iterator[Line]:
    """The advice, the level of this look, and whether the gate might promote by itself. `found`: its judgment again."""
    report, policy = bundle.report, bundle.policy
    assert report is not None
    assert policy is not None
    look = bundle.looks[-1] if report.has_look and bundle.looks else None
    if report.has_look is not (look is not None):
        yield False, "budget", "the report has a look, and no look is there."
        return
    if found.difference is not None and found.test is not None:
        yield _advice(report, policy, look, found)
    if look is None:
        yield (
            not report.clears,
            "budget",
            (
                "the gate may promote by itself without a look of its budget."
                if report.clears
                else "nothing was spent: the gate could not promote it by itself."
            ),
        )
        return
    yield _belongs(bundle, look, found) or _level(bundle.looks, look)
    if found.test is not None:
        yield _clears(bundle, report, found)


def _advice(report: ReportPart, policy: Policy, look: LookPart | None, found: GateReport) -> Line:
    assert found.difference is not None
    assert found.test is not None
    passed, refused = (found.verdict == each for each in (Verdict.PASSED, Verdict.REFUSED))
    again = advice.after(
        found.difference,
        found.test,
        look.level if look else policy.level,
        policy.confidence,
        decided=refused or (report.clears if look else passed),
    )
    compared = Compared()
    compared.value("", report.told.get("advice"), plain(vars(again)))
    return not compared.faults, "advice", "; ".join(compared.faults) or f"{compared.said}."


def _belongs(bundle: Bundle, look: LookPart, found: GateReport) -> Line | None:
    """That the look is at another version, other cases or another reference; None where it is at this one's."""
    assert bundle.report is not None
    version, suite = bundle.versions["candidate"], bundle.suite
    units = found.checks[0].value if found.checks else None
    theirs = (look.version, look.suite, look.held_against, look.units)
    if theirs == (version.tag, suite.digest if suite else "", bundle.report.held_against, units):
        return None
    return False, "budget", f"the look that was paid for is another one: at {look.version}, of {look.units} units."


def _level(looks: list[LookPart], look: LookPart) -> Line:
    before = [budget.Look(each.level, each.is_first) for each in looks[:-1]]
    try:
        by = checked(Policy, look.by or {})
    except OptionsError as error:
        return False, "budget", f"the policy that paid for the look is none: {error}"
    known = any(each.version == look.version for each in looks[:-1])
    if known is look.is_first:
        return False, "budget", f"the look at {look.version} is {'not ' if known else ''}its first, and says otherwise."
    level = budget.grant(
        before, by.error_budget, by.budget_rounds, is_first=look.is_first, most=1 - by.confidence
    ).level
    if level != look.level:
        return False, "budget", f"after {len(before)} looks the level is {level!r}, not {look.level!r}."
    return True, "budget", f"after {len(before)} looks the level is {level!r}, as was spent."


def _clears(bundle: Bundle, report: ReportPart, found: GateReport) -> Line:
    """What the look lets the gate do: its level decides, and then the best of what was ever live."""
    assert found.test is not None
    assert bundle.policy is not None
    level, p = bundle.looks[-1].level, found.test.p
    allows = found.verdict == Verdict.PASSED and p <= level
    try:
        anchor = _anchor(bundle, bundle.policy, level) if allows else None
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return False, "look", f"what was live once cannot be held against: {error!r}"[:300]
    clears = allows and (anchor is None or anchor.ok)
    gauge = budget.gauge(
        [budget.Look(each.level, each.is_first) for each in bundle.looks],
        bundle.policy.error_budget,
        bundle.policy.budget_rounds,
    )
    told = clearing.told(level, p, anchor.detail if anchor else "", gauge, clears=clears)
    told["once_live"] = [each.benchmark for each in bundle.once_live]
    compared = Compared()
    compared.value("look", report.told.get("look"), told)
    compared.value("clears", report.clears, clears)
    by_itself = f"the gate {'may' if clears else 'may not'} promote by itself"
    held = f", held against {', '.join(each.tag for each in bundle.once_live)}, once live" if anchor else ""
    return not compared.faults, "look", "; ".join(compared.faults) or f"{by_itself}{held}: {compared.said}."


def _anchor(bundle: Bundle, policy: Policy, level: float) -> Check | None:
    cases = bundle.cases
    if cases is None:
        return None
    ours = cases.by_sample(bundle.versions["candidate"].tag)
    lived = [cases.once_live(each.tag, is_base=each.number == 0) for each in bundle.once_live]
    return check_anchor(policy, cases.scorer, ours, lived, level)
