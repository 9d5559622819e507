"""Write the gate's judgment down, and promote where the project promotes by itself."""

import json
import logging

from django.db import transaction

from deployment.models import Deployment, ServingPolicy, StagedVersion, Verdict
from deployment.services import live_version, promote, record_verdict
from evaluation import gate
from evaluation.models import Benchmark, GatePolicy, GateReport
from labeling.models import Project
from labeling.problems import ProblemError

logger = logging.getLogger(__name__)
_FIGURES = ("cases", "psr", "fcr", "f1_micro", "f1_macro", "exact", "token_f1")
_POLICY = ("minimum", "margin", "accept_tie", "psr_tolerance", "min_cases", "confidence")


def policy_of(project: Project) -> GatePolicy:
    """The project's gate policy, made with its defaults where there is none."""
    return GatePolicy.objects.get_or_create(project=project)[0]


def gate_policy(policy: GatePolicy) -> gate.Policy:
    """The row as the pure gate takes it."""
    return gate.Policy(
        minimum=policy.minimum,
        margin=policy.margin,
        accept_tie=policy.accept_tie,
        psr_tolerance=policy.psr_tolerance,
        min_cases=policy.min_cases,
        confidence=policy.confidence,
    )


def write_report(
    staged: StagedVersion,
    found: gate.GateReport,
    candidate: Benchmark | None = None,
    reference: Benchmark | None = None,
) -> GateReport:
    """Keep the report and the verdict. The same judgment as the newest one is not written a second time."""
    whole = json.loads(json.dumps(found.as_dict()))
    fields = {
        "candidate_id": candidate.pk if candidate else None,
        "reference_id": reference.pk if reference else None,
        "verdict": found.verdict.value,
        "sentence": found.sentence,
        "checks": whole["checks"],
        "policy": _policy_values(policy_of(staged.version.project)),
    }
    figures = {name: candidate.metrics[name] for name in _FIGURES if candidate and name in candidate.metrics}
    with transaction.atomic():
        # Two workers at the end of the same judgment write one after the other, and the second finds the first's.
        locked = StagedVersion.objects.select_for_update(of=("self",)).get(pk=staged.pk)
        newest = GateReport.objects.filter(staged=staged).first()
        if newest and locked.verdict == newest.verdict and all(getattr(newest, k) == v for k, v in fields.items()):
            return newest
        row = GateReport.objects.create(project=staged.version.project, staged=staged, **fields)
        record_verdict(staged, verdict=found.verdict, sentence=found.sentence, report={**whole, **figures})
    logger.info("gate: %s", found.sentence)
    return row


def promote_if_due(staged: StagedVersion, report: GateReport) -> Deployment | None:
    """Promote what passed, or the first baseline, where the serving policy says so.

    Once per version: what a person rolled back, or what failed to go live, the gate does not promote again; and
    never a version that is older than the live one.
    """
    version, project = staged.version, staged.version.project
    live = live_version(project)
    due = report.verdict == Verdict.PASSED or (report.verdict == Verdict.BASELINE and live is None)
    policy = ServingPolicy.objects.filter(project=project).first()
    if policy is None or not policy.auto_promote or not due or (live and live.number >= version.number):
        return None
    if Deployment.objects.filter(version=version).exists():
        return None
    try:
        return promote(None, version, reason=report.sentence, automatic=True)
    except ProblemError as problem:
        logger.warning("%s is %s but could not be promoted: %s", version, report.verdict, problem)
        return None


def _policy_values(policy: GatePolicy) -> dict[str, float | int | bool]:
    return {name: getattr(policy, name) for name in _POLICY}
