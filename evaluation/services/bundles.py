"""A promotion's evidence as one file that can be verified anywhere (`python -m evaluation.verify`)."""

from collections.abc import Iterator
from typing import Any

from common.actor import Actor
from common.options import OptionsError
from common.problems import ConflictError, ProblemError
from deployment.models import Deployment
from evaluation.bundles import writing
from evaluation.gate import Policy
from evaluation.models import GateReport
from evaluation.services import bundle_cases as kept
from evaluation.services import bundle_parts as parts
from labeling.access import Right, require
from training.models import ModelVersion


def name_of(deployment: Deployment) -> str:
    """What its file is called."""
    return f"{deployment.project.key}-v{deployment.version.number}-{str(deployment.uid)[:8]}.evidence.jsonl"


def can_travel(deployment: Deployment) -> bool:
    """Whether it is a promotion that went live; what is kept of it shows when it is asked for."""
    return deployment.action == Deployment.Action.PROMOTE and deployment.live_at is not None


def bundle_of(actor: Actor, deployment: Deployment) -> Iterator[bytes]:
    """The lines of the bundle of a promotion that went live, read as they are asked for. The same rows, the same bytes.

    Raises `PermissionDenied` for whoever may not read its cases, `ConflictError` where it is no such promotion, and
    `ProblemError` where what its verdict was made from is not kept.
    """
    require(actor, deployment.project, Right.VIEW)
    if deployment.action != Deployment.Action.PROMOTE:
        raise ConflictError("A rollback goes by a person's reason, not by a verdict: it has no evidence to take along.")
    if deployment.live_at is None:
        raise ConflictError(f"This promotion of {deployment.version} has not gone live: there is no evidence of it.")
    report = _report(deployment)
    policy = _policy(report)
    _check_kept(deployment, report)
    return writing.lines(_parts(deployment, report, policy))


def _parts(deployment: Deployment, report: GateReport | None, policy: Policy) -> Iterator[dict[str, Any]]:
    """In the order of `evaluation.bundles.shapes.ORDER`."""
    candidate, hard = (report.candidate, report.hard) if report else (None, None)
    versions: dict[str, ModelVersion] = {"candidate": deployment.version}
    if report is not None and report.held_against is not None:
        versions["reference"] = report.held_against
    yield parts.head(deployment)
    yield parts.promotion(deployment)
    if candidate is not None:
        yield parts.spec("suite", candidate.suite.spec)
    if hard is not None:
        yield parts.spec("hard_suite", hard.suite.spec)
    for role, version in versions.items():
        yield parts.spec(role, version.spec)
    for role, version in versions.items():
        yield parts.version(role, version, parts.staged_of(role, report), deployment)
    if candidate is not None:
        yield parts.suite(candidate.suite)
    if hard is not None:
        yield parts.suite(hard.suite)
    yield parts.policy(policy)
    if report is None:
        return
    yield from parts.looks(report)
    yield parts.report(report)
    lived = kept.once_live(report)
    yield from map(kept.lived, lived)
    beside = kept.neighbours(report)
    yield from (each.part for each in beside)
    if candidate is not None:
        yield from kept.cases(candidate, report.reference, lived, beside)
    if hard is not None:
        yield from kept.cases(hard, report.hard_reference)


def _report(deployment: Deployment) -> GateReport | None:
    """The judgment that the promotion went by; None where the version was not judged."""
    rows = GateReport.objects.filter(project=deployment.project, staged__version=deployment.version).select_related(
        "candidate__suite__spec",
        "candidate__version",
        "candidate__staged__artifact",
        "candidate__staged__server",
        "hard__suite__spec",
        "hard_reference",
        "reference__version",
        "reference__staged__artifact",
        "reference__staged__server",
        "held_against__project",
        "held_against__base",
        "held_against__spec",
        "held_against__run__snapshot",
        "staged__artifact",
        "staged__server",
        "look__suite",
    )
    told = deployment.evidence
    found = rows.filter(uid__in=told.get("gate_reports", [])[:1]).first()
    if found is None and told.get("gate"):
        # Promotions of before say the sentence alone.
        found = rows.filter(created_at__lte=deployment.created_at, sentence=told["gate"]).first()
    if found is None and told.get("verdict", "none") != "none":
        raise ProblemError(f"The judgment behind this promotion of {deployment.version} is no longer kept.")
    return found


def _policy(report: GateReport | None) -> Policy:
    try:
        return Policy(**(report.policy if report else {}))
    except (OptionsError, TypeError, ValueError) as error:
        raise ProblemError(
            "This promotion was judged under a policy of an older release, by which nothing can be worked out again."
        ) from error


def _check_kept(deployment: Deployment, report: GateReport | None) -> None:
    if report is None or report.candidate is None:
        return
    lived = kept.once_live(report)
    beside = kept.neighbours(report)
    gone = len(lived) < len(kept.uids_once_live(report)) or len(beside) < len(report.told.get("neighbours", []))
    for benchmark in filter(None, (report.candidate, report.reference, report.hard, report.hard_reference, *lived)):
        if gone or benchmark.results.count() < benchmark.cases or benchmark.suite.cases.count() < benchmark.cases:
            raise ProblemError(f"The cases behind this promotion of {deployment.version} are no longer kept.")
    if len(report.checks) > 1 and not report.told:
        raise ProblemError(
            f"{deployment.version} was judged by an older release, which kept no test beside its verdict: nothing can "
            "be worked out again."
        )
