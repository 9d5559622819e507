"""Write the gate's judgment down, and promote where the project promotes by itself."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from common import actor as actors
from common.problems import ProblemError
from common.queue import enqueue
from deployment.artifacts.verdicts import record_verdict, staleness
from deployment.live import live_version
from deployment.models import Deployment, ServingPolicy, StagedVersion
from deployment.promotion.plan import plan_promotion
from deployment.promotion.promote import promote
from evaluation import clearing, gate
from evaluation.advice import after
from evaluation.anchor import check_anchor
from evaluation.checks import Check
from evaluation.figures import columns
from evaluation.models import Benchmark, GatePolicy, GateReport, Look
from evaluation.scorers import scorer_of
from evaluation.services.looks import beside_candidate, best_ever_live, by_sample, gauge_at
from evaluation.services.neighbours import Neighbour
from evaluation.services.promotable import promotable
from labeling.models import Project
from labeling.services import events
from training.models import ModelVersion

logger = logging.getLogger(__name__)
_GATE = actors.system("gate")
_MOST_ATTEMPTS = 4
_POLICY = tuple(name for name in GatePolicy.OPTIONS if name != "free_cases")


def policy_of(project: Project, actor: actors.Actor = _GATE) -> GatePolicy:
    """The project's gate policy, made with its defaults where there is none."""
    with transaction.atomic():
        policy, created = GatePolicy.objects.get_or_create(project=project)
        if created:
            events.record(actor, "gate_policy.created", policy)
    return policy


def gate_policy(policy: GatePolicy) -> gate.Policy:
    """The row as the pure gate takes it."""
    return gate.Policy(**policy.options)


def write_report(
    staged: StagedVersion,
    found: gate.GateReport,
    policy: GatePolicy,
    held_against: ModelVersion | None = None,
    candidate: Benchmark | None = None,
    reference: Benchmark | None = None,
    judged: "Judged | None" = None,
    hard: Sequence[Benchmark] = (),
    beside: Sequence[Neighbour] = (),
) -> GateReport:
    """Keep the report and the verdict, with the version that it was held against and the neighbours beside it.

    `policy` is what was judged by, whatever it became meanwhile. `hard`: the benchmarks of both on the hard cases. The
    same judgment as the newest one is not written a second time.
    """
    whole = json.loads(json.dumps(found.as_dict()))
    fields = {
        **_ids(candidate=candidate, reference=reference, held_against=held_against),
        **_ids(hard=hard[0] if hard else None, hard_reference=hard[1] if hard else None),
        "verdict": found.verdict.value,
        "sentence": found.sentence,
        "checks": whole["checks"],
        **_looked_at(found, judged, policy, beside),
    }
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
            report={**whole, **(_figures(candidate) if candidate else {})},
            held_against=held_against,
            gate_report=row.uid,
        )
    logger.info("gate: %s", found.sentence)
    return row


def _ids(**rows: models.Model | None) -> dict[str, int | None]:
    return {f"{name}_id": row.pk if row else None for name, row in rows.items()}


def _looked_at(
    found: gate.GateReport, judged: "Judged | None", policy: GatePolicy, beside: Sequence[Neighbour]
) -> dict[str, Any]:
    said = told(found, judged, gate_policy(policy))
    if said and beside:
        said["neighbours"] = [each.as_told for each in beside]
    return {
        "policy": _policy_values(policy),
        "told": json.loads(json.dumps(said)),
        "look_id": judged.look.pk if judged and judged.look else None,
        "clears": found.verdict == gate.Verdict.PASSED and bool(judged and judged.clears),
    }


@dataclass(frozen=True)
class Judged:
    """What the automatic gate makes of a judgment: the look that was paid for, and whether it clears.

    `once_live`: the benchmarks that `anchor` holds the version against, by their uid.
    """

    look: Look | None
    anchor: Check | None
    clears: bool
    once_live: tuple[str, ...] = ()


def judged_by_look(found: gate.GateReport, look: Look | None, candidate: Benchmark, policy: gate.Policy) -> Judged:
    """Whether the look's level, and the best version that was ever live, let the gate promote by itself."""
    if look is None or found.test is None or found.verdict != gate.Verdict.PASSED or found.test.p > look.level:
        return Judged(look, None, clears=False)
    version = candidate.version
    ours, rows = by_sample(candidate), best_ever_live(version)
    lived = [beside_candidate(row, ours) for row in rows]
    anchor = check_anchor(policy, scorer_of(version.spec), ours, lived, look.level)
    return Judged(look, anchor, anchor is None or anchor.ok, tuple(str(row.uid) for row in rows))


def told(found: gate.GateReport, judged: Judged | None, policy: gate.Policy) -> dict[str, Any]:
    """What a report keeps beside its checks: the difference, its test, the advice, and what the look spent."""
    if found.difference is None or found.test is None:
        return {}
    look = judged.look if judged else None
    decided = judged.clears if judged and look else found.verdict == gate.Verdict.PASSED
    advice = after(
        found.difference,
        found.test,
        look.level if look else policy.level,
        policy.confidence,
        decided=decided or found.verdict == gate.Verdict.REFUSED,
    )
    parts = {"difference": asdict(found.difference), "test": asdict(found.test), "advice": asdict(advice)}
    return parts | ({"look": _said(judged, found.test.p)} if judged and look else {})


def _said(judged: Judged, p: float) -> dict[str, Any]:
    """The level that the look spent, whether the gate may promote by itself, and why, in a sentence."""
    assert judged.look is not None
    anchor = judged.anchor.detail if judged.anchor else ""
    found = clearing.told(judged.look.level, p, anchor, gauge_at(judged.look), clears=judged.clears)
    return found | {"once_live": list(judged.once_live)}


def _figures(candidate: Benchmark) -> dict[str, float]:
    """What the page shows of the benchmark, as it was when it was judged."""
    names = ("cases", *(name for name, _, _ in columns(candidate.version.spec, candidate.metrics)))
    return {name: candidate.metrics[name] for name in names if name in candidate.metrics}


def promote_if_due(staged: StagedVersion, report: GateReport) -> Deployment | None:
    """Promote what passed, or the first baseline, where the serving policy says so.

    What was live once and was rolled back, the gate does not promote again, nor a version that is older than the live
    one. An attempt that failed is repeated, later each time, a few times: a server may have been away. A pass against
    what is live no longer promotes nothing: the version is judged again, against what is live now.
    """
    version = staged.version
    due = StagedVersion.objects.staged().filter(promotable(), pk=staged.pk)
    if not due.exists() or not _try_again(version.deployments.failed()):
        return None
    if staleness(staged, live_version(version.project)):
        _judge_again(staged)
        return None
    try:
        return promote(_GATE, plan_promotion(version), reason=report.sentence, automatic=True)
    except ProblemError as problem:
        logger.warning("%s is %s but could not be promoted: %s", version, report.verdict, problem)
        return None


def retry_promotions() -> int:
    """Beat: try again what the gate could not promote, where that is due; the number that went live."""
    policies = ServingPolicy.objects.filter(auto_promote=True, project__archived_at=None).values("project")
    failed = Deployment.objects.failed().filter(project__in=policies, automatic=True)
    rows = StagedVersion.objects.staged().filter(version__in=failed.values("version"))
    done = 0
    for staged in rows.select_related("version__project", "held_against__project"):
        report = staged.gate_reports.first()
        done += report is not None and promote_if_due(staged, report) is not None
    return done


def _judge_again(staged: StagedVersion) -> None:
    logger.info("%s: %s", staged.version, staleness(staged, live_version(staged.version.project)))
    enqueue("evaluation.advance", staged.pk)


def _try_again(failed: QuerySet[Deployment]) -> bool:
    """After the first failure in two minutes, then four, eight; after the fourth, no more."""
    count, last = failed.count(), failed.first()
    if last is None:
        return True
    pause = timedelta(minutes=2**count)
    return count < _MOST_ATTEMPTS and last.created_at + pause < timezone.now()


def _policy_values(policy: GatePolicy) -> dict[str, float | int | bool | None]:
    return {name: getattr(policy, name) for name in _POLICY}
