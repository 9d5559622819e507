"""Certificates: looks at what is live, their end, and what people decide of what was accepted by them."""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.actor import Actor, system
from common.problems import ConflictError
from common.queue import enqueue
from deployment.live import live_version
from deployment.models import Finding
from deployment.monitoring.findings import close, report
from evaluation import certifying
from evaluation.models import AcceptPolicy, Calibration, Certificate
from evaluation.services.calibrating import answers_of
from evaluation.services.reopening import left
from labeling.access import Right, require
from labeling.models import Project
from labeling.services import events
from training.models import ModelVersion

logger = logging.getLogger(__name__)
_CERTIFICATES = system("certificates")
Ending = Certificate.Ending


def policy_of(project: Project) -> AcceptPolicy:
    """The project's policy; one that is off, and not kept, where it has none."""
    return AcceptPolicy.objects.filter(project=project).first() or AcceptPolicy(project=project)


def in_force(policy: AcceptPolicy, live: ModelVersion | None) -> Certificate | None:
    """What certifies the answers of what is live, for today's task and the policy's promise; None where nothing does.

    It holds, but nothing is accepted, while the policy is off.
    """
    if live is None:
        return None
    rows = Certificate.objects.in_force().filter(_asked(policy), version=live)
    return rows.select_related("version__project", "project", "spec").first()


def looks_at(version: ModelVersion, policy: AcceptPolicy) -> tuple[int, int]:
    """How many looks at a version there were, and the answers of the last one for today's task and promise, or 0."""
    rows = Certificate.objects.filter(version=version)
    return rows.count(), rows.filter(_asked(policy)).values_list("cases", flat=True).first() or 0


def is_over(version: ModelVersion) -> bool:
    """A certificate of the version was taken back: there is no other one for it."""
    return Certificate.objects.filter(version=version, ended_at__isnull=False).exists()


def newest_calibration(version: ModelVersion) -> Calibration | None:
    """What is known of its confidence."""
    return Calibration.objects.filter(version=version).select_related("benchmark__suite").first()


def is_of_today(calibration: Calibration, project: Project) -> bool:
    """Its cases were frozen under today's task: answers under an earlier one certify nothing."""
    return calibration.benchmark is not None and calibration.benchmark.suite.spec_id == project.spec.pk


@transaction.atomic
def look_if_due(project: Project) -> Certificate | None:
    """What certifies the answers of what is live, after another look where one is due; None where nothing does."""
    policy = AcceptPolicy.objects.select_for_update(no_key=True).filter(project=project, enabled=True).first()
    live = live_version(project)
    if policy is None or live is None:
        return None
    there = in_force(policy, live)
    if there is not None or is_over(live):
        return there
    calibration, (looks, last) = newest_calibration(live), looks_at(live, policy)
    if calibration is None or not is_of_today(calibration, project):
        return None
    if calibration.cases < certifying.wanted(policy.promise, looks, last):
        return None
    row = _look(policy, live, calibration, looks)
    return in_force(policy, live) if row.threshold is not None else None


def _look(policy: AcceptPolicy, live: ModelVersion, calibration: Calibration, looks: int) -> Certificate:
    answers = answers_of(calibration.benchmark)
    found = certifying.look(answers.confidences, answers.right, policy.promise, looks)
    shown = found.part or found.failed
    row = Certificate.objects.create(
        project=policy.project,
        version=live,
        calibration=calibration,
        spec=policy.project.spec,
        wrong=policy.wrong,
        confidence=policy.confidence,
        level=found.level,
        cases=found.cases,
        needed=found.needed,
        asked=answers.asked,
        threshold=found.part.threshold if found.part else None,
        accepted=shown.count if shown else 0,
        accepted_wrong=shown.wrong if shown else 0,
        bound=shown.bound if shown else None,
    )
    after = {"level": found.level, "cases": found.cases, "threshold": row.threshold, "version": live.uid}
    events.record(_CERTIFICATES, "certificate.looked", row, after=after)
    return row


@transaction.atomic
def end_by_audit(certificate: Certificate) -> None:
    """The audit shows that the promise is broken: nothing more is accepted, and a person decides of what was.

    All certificates of the version end: a stricter promise, or one for another task, is no truer.
    """
    of_version = Certificate.objects.select_for_update().in_force().filter(version=certificate.version)
    _end(of_version, Ending.AUDIT, _CERTIFICATES)
    sentence = (
        f"Experts' answers show that more than {100 * certificate.wrong:.4g} % of what {certificate.version} accepts "
        "is wrong, so nothing more is accepted by it."
    )
    logger.warning("%s", sentence)
    report(certificate.project, certificate.version, Finding.Kind.PROMISE, sentence, found=str(certificate.uid))


def open_certificates(project: Project) -> list[Certificate]:
    """Those by which answers may have been accepted, and about which nobody has decided since."""
    rows = Certificate.objects.filter(project=project, threshold__isnull=False, decided_at=None)
    return list(rows.select_related("version__project", "project"))


@transaction.atomic
def reopen_all(actor: Actor, project: Project) -> int:
    """End open certificates, and have a worker send all that was accepted by them back to review; how many texts it is.

    Nothing more is accepted from here on. Raises `PermissionDenied`, and `ConflictError` without such a certificate.
    """
    require(actor, project, Right.MANAGE)
    rows = _locked(open_certificates(project), project, "There is no certificate by which anything was accepted.")
    _end([row for row in rows if row.ended_at is None], Ending.PERSON, actor)
    _decide(actor, rows, "reopened", Finding.State.RESTORED)
    Certificate.objects.filter(pk__in=[row.pk for row in rows]).update(reopening=True)
    enqueue("evaluation.reopen", project.pk)
    return left(project).count()


@transaction.atomic
def keep_accepted(actor: Actor, project: Project) -> int:
    """Leave what broken certificates had accepted as it is; how many certificates there were.

    Raises `PermissionDenied`, and `ConflictError` where none is broken and undecided.
    """
    require(actor, project, Right.MANAGE)
    broken = [row for row in open_certificates(project) if row.ending == Ending.AUDIT]
    rows = _locked(broken, project, "There is no broken certificate that waits for a decision.")
    _decide(actor, rows, "kept", Finding.State.DISMISSED)
    return len(rows)


def _locked(rows: list[Certificate], project: Project, otherwise: str) -> list[Certificate]:
    found = Certificate.objects.select_for_update().filter(pk__in=[row.pk for row in rows], decided_at=None)
    if not (locked := list(found)):
        raise ConflictError(otherwise)
    return locked


def _decide(actor: Actor, rows: Iterable[Certificate], answers: str, told: Finding.State) -> None:
    for row in rows:
        close(row.project, row.version, Finding.Kind.PROMISE, told)
        Certificate.objects.filter(pk=row.pk).update(decided_at=timezone.now(), decided_by=actor.user_id)
        events.record(actor, "certificate.decided", row, after={"answers": answers})


def _end(rows: Iterable[Certificate], ending: Ending, actor: Actor) -> None:
    for row in rows:
        if Certificate.objects.filter(pk=row.pk, ended_at=None).update(ended_at=timezone.now(), ending=ending):
            events.record(actor, "certificate.ended", row, after={"ending": ending.value})


def _asked(policy: AcceptPolicy) -> Q:
    return Q(spec=policy.project.spec, wrong=policy.wrong, confidence=policy.confidence)
