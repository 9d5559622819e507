"""Write the gate's judgment down, and promote where the project promotes by itself."""

import json
import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from deployment.models import Deployment, ServingPolicy, StagedVersion, Verdict
from deployment.services import live_version, promote, record_verdict, staleness
from evaluation import gate
from evaluation.models import Benchmark, GatePolicy, GateReport
from labeling.models import Project
from labeling.problems import ProblemError
from training.models import ModelVersion

logger = logging.getLogger(__name__)
_MOST_ATTEMPTS = 4
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
    held_against: ModelVersion | None = None,
    candidate: Benchmark | None = None,
    reference: Benchmark | None = None,
) -> GateReport:
    """Keep the report and the verdict, with the version that it was held against.

    The same judgment as the newest one is not written a second time.
    """
    whole = json.loads(json.dumps(found.as_dict()))
    fields = {
        "candidate_id": candidate.pk if candidate else None,
        "reference_id": reference.pk if reference else None,
        "held_against_id": held_against.pk if held_against else None,
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
        if newest and locked.gate_report == newest.uid and all(getattr(newest, k) == v for k, v in fields.items()):
            return newest
        row = GateReport.objects.create(project=staged.version.project, staged=staged, **fields)
        record_verdict(
            staged,
            verdict=found.verdict,
            sentence=found.sentence,
            report={**whole, **figures},
            held_against=held_against,
            gate_report=row.uid,
        )
    logger.info("gate: %s", found.sentence)
    return row


def promote_if_due(staged: StagedVersion, report: GateReport) -> Deployment | None:
    """Promote what passed, or the first baseline, where the serving policy says so.

    What was live once and was rolled back, the gate does not promote again, nor a version that is older than the live
    one. An attempt that failed is repeated, later each time, a few times: a server may have been away. A pass against
    what is live no longer promotes nothing: the version is judged again, against what is live now.
    """
    version, project = staged.version, staged.version.project
    live = live_version(project)
    due = report.verdict == Verdict.PASSED or (report.verdict == Verdict.BASELINE and live is None)
    policy = ServingPolicy.objects.filter(project=project).first()
    if policy is None or not policy.auto_promote or not due or (live and live.number >= version.number):
        return None
    attempts = Deployment.objects.filter(version=version)
    if attempts.exclude(state=Deployment.State.FAILED).exists() or not _try_again(attempts):
        return None
    if staleness(staged, live):
        _judge_again(staged)
        return None
    try:
        return promote(None, version, reason=report.sentence, automatic=True)
    except ProblemError as problem:
        logger.warning("%s is %s but could not be promoted: %s", version, report.verdict, problem)
        return None


def retry_promotions() -> int:
    """Beat: try again what the gate could not promote, where that is due; the number that went live."""
    policies = ServingPolicy.objects.filter(auto_promote=True, project__archived_at=None).values("project")
    failed = Deployment.objects.filter(project__in=policies, automatic=True, state=Deployment.State.FAILED)
    rows = StagedVersion.objects.filter(state=StagedVersion.State.STAGED, version__in=failed.values("version"))
    done = 0
    for staged in rows.select_related("version__project", "held_against__project"):
        report = staged.gate_reports.first()
        done += report is not None and promote_if_due(staged, report) is not None
    return done


def _judge_again(staged: StagedVersion) -> None:
    from evaluation.tasks import advance

    logger.info("%s: %s", staged.version, staleness(staged, live_version(staged.version.project)))
    advance.delay_on_commit(staged.pk)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask


def _try_again(failed: QuerySet[Deployment]) -> bool:
    """After the first failure in two minutes, then four, eight; after the fourth, no more."""
    count, last = failed.count(), failed.first()
    if last is None:
        return True
    pause = timedelta(minutes=2**count)
    return count < _MOST_ATTEMPTS and last.created_at + pause < timezone.now()


def _policy_values(policy: GatePolicy) -> dict[str, float | int | bool]:
    return {name: getattr(policy, name) for name in _POLICY}
