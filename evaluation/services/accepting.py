"""Take what is live at its word where a certificate says so, and have experts audit a random part of it."""

import random
from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from common.actor import system
from common.alone import alone
from deployment.serving.proposals import propose_further
from evaluation.auditing import WAITING, is_broken
from evaluation.models import Acceptance, AcceptPolicy, Certificate
from evaluation.services.certificates import end_by_audit, look_if_due
from labeling.models import Feedback, GoldenSample, ParseStatus, Prediction, Project, Review, Sample, SampleState, Split
from labeling.services import accept_proposals, audit_proposals, events
from labeling.services.fitting import Fitting, carried
from labeling.ways import DRAWN, INDEPENDENT

_ACCEPTANCE = system("acceptance")
# Texts beyond the head of the queue that the live version is asked about at a time, and how often in one go.
_FURTHER, _ROUNDS = 100, 5
# Proposals that one transaction looks at.
_AT_ONCE = 1_000
# What the product itself asked a version for. An imported file may name any model, with any confidence.
_OWN = (Prediction.Source.QUEUE, Prediction.Source.API)


def due() -> list[int]:
    """Ids of the projects that accept proposals, or have audits whose answers nobody has looked at."""
    policies = AcceptPolicy.objects.filter(enabled=True, project__archived_at=None)
    waiting = _unanswered().filter(certificate__project__archived_at=None)
    return sorted(
        {*policies.values_list("project", flat=True), *waiting.values_list("certificate__project", flat=True)}
    )


def accept_due(project_id: int) -> int:
    """Look at audits, then accept what a certificate allows; the number of proposals that became golden answers.

    One caller at a time in a project. The others return at once.
    """
    with alone(f"acceptance of {project_id}") as mine:
        if not mine:
            return 0
        settle_audits(project_id)
        policy = AcceptPolicy.objects.filter(project=project_id, enabled=True).select_related("project").first()
        if policy is None or look_if_due(policy.project) is None:
            return 0
        total = 0
        for _ in range(_ROUNDS):
            asked = propose_further(policy.project, _FURTHER)
            total += accept(policy)
            if not asked:
                break
        return total


def accept(policy: AcceptPolicy) -> int:
    """Accept, or draw for the audit, what waits above the threshold; the number accepted.

    No more than until `WAITING` audits have no answer: a promise that nobody looks after is none.
    """
    total = 0
    after: int | None = 0
    while after is not None:
        accepted, after = _accept_page(policy, after)
        total += accepted
    return total


@transaction.atomic
def _accept_page(policy: AcceptPolicy, after: int) -> tuple[int, int | None]:
    """The same with the next proposals behind the one with this id: how many were accepted, and the last one's id.

    None in its place at the end.
    """
    certificate = look_if_due(policy.project)
    # Nothing is accepted beside its end.
    held = Certificate.objects.select_for_update().in_force()
    if certificate is None or held.filter(pk=certificate.pk).first() is None:
        return 0, None
    room = WAITING - _unanswered().filter(certificate=certificate).count()
    if room <= 0:
        return 0, None
    rows = list(acceptable(certificate).filter(pk__gt=after)[:_AT_ONCE])
    taken, drawn = _draw(_that_fit(policy.project, rows), policy.audit_share, room)
    golden = _take(certificate, taken, drawn)
    return golden, rows[-1].pk if len(rows) == _AT_ONCE and len(drawn) < room else None


def _that_fit(project: Project, rows: Iterable[Prediction]) -> Iterator[Prediction]:
    """Those that are answers under today's task: no other may come into either part."""
    fitting = Fitting(project.spec.to_spec())
    return (row for row in rows if row.answer is not None and fitting.read(row.spec_id, row.answer) is not None)


def _draw(rows: Iterable[Prediction], share: float, room: int) -> tuple[list[Prediction], set[int]]:
    """The proposals to go by now, and the ids of those among them that chance draws for the audit: `room` at most."""
    taken, drawn = [], set[int]()
    for row in rows:
        taken.append(row)
        if random.random() < share:
            drawn.add(row.pk)
            if len(drawn) == room:
                break
    return taken, drawn


def _take(certificate: Certificate, proposals: list[Prediction], drawn: set[int]) -> int:
    """Accept these, and leave the drawn ones to experts; the number accepted."""
    project = certificate.project
    audits = audit_proposals(_ACCEPTANCE, project, [row for row in proposals if row.pk in drawn])
    golden = accept_proposals(_ACCEPTANCE, project, [row for row in proposals if row.pk not in drawn])
    by_sample = {row.sample_id: row for row in proposals}
    Acceptance.objects.bulk_create(
        [
            *(_row(certificate, row, None) for row in audits),
            *(_row(certificate, by_sample[row.sample_id], row) for row in golden),
        ]
    )
    return len(golden)


def _row(certificate: Certificate, proposal: Prediction, golden: GoldenSample | None) -> Acceptance:
    return Acceptance(
        certificate=certificate,
        sample=proposal.sample,
        prediction=proposal,
        golden=golden,
        is_audit=golden is None,
    )


def acceptable(certificate: Certificate) -> QuerySet[Prediction]:
    """The live version's newest proposals above the threshold, to training texts that wait and that chance drew.

    A text that a person has looked at in any way is left to people, and so is one that was accepted before.
    """
    own = Prediction.objects.filter(model_tag=certificate.version.tag, source__in=_OWN)
    newest = own.filter(sample=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    analyzed = Prediction.objects.filter(sample=OuterRef("pk"), source=Prediction.Source.ANALYZE)
    samples = (
        Sample.objects.filter(
            project=certificate.project, state=SampleState.PENDING, split=Split.TRAIN, way_in__in=DRAWN, is_audit=False
        )
        .exclude(Exists(Acceptance.objects.filter(sample=OuterRef("pk"))))
        .exclude(Exists(Review.objects.filter(sample=OuterRef("pk"))))
        .exclude(Exists(Feedback.objects.filter(prediction__sample=OuterRef("pk"))))
        .exclude(Exists(analyzed))
    )
    proposed = samples.annotate(newest=Subquery(newest)).exclude(newest=None).values("newest")
    rows = own.filter(pk__in=proposed, confidence__gt=certificate.threshold)
    return rows.exclude(status=ParseStatus.FAILED).select_related("sample").order_by("pk")


def settle_audits(project_id: int) -> None:
    """Hold experts' answers to audits against what would have been accepted; end certificates that they break."""
    rows = _unanswered().filter(certificate__project=project_id).exclude(sample__state=SampleState.PENDING)
    found: dict[int, list[Acceptance]] = {}
    for row in rows.select_related("certificate", "sample", "prediction__spec").order_by("pk"):
        found.setdefault(row.certificate_id, []).append(row)
    for certificate_id, answered in found.items():
        _settle(certificate_id, answered)


@transaction.atomic
def _settle(certificate_id: int, rows: list[Acceptance]) -> None:
    certificate = Certificate.objects.select_for_update(of=("self",)).select_related("version__project", "project")
    found = certificate.get(pk=certificate_id)
    for row in rows:
        golden = GoldenSample.objects.current().filter(sample=row.sample).select_related("spec").first()
        row.right = _is_right(row, golden)
        row.answered_at = golden.created_at if golden else timezone.now()
    Acceptance.objects.bulk_update(rows, ["right", "answered_at"])
    told = [row.right for row in rows]
    after = {"right": told.count(True), "wrong": told.count(False), "left_out": told.count(None)}
    events.record(_ACCEPTANCE, "audit.answered", found, after=after)
    if found.ended_at is None and is_broken(audited(found), found.wrong, 1 - found.confidence):
        end_by_audit(found)


def _is_right(row: Acceptance, golden: GoldenSample | None) -> bool | None:
    """Whether the expert says the same; None without an answer, beside a model's, or under another task."""
    if golden is None or golden.given not in INDEPENDENT:
        return None
    # The certificate is for a task that is past: neither is wrong by it, nor right.
    if golden.spec_id != row.certificate.spec_id:
        return None
    seen = Prediction.objects.filter(sample=row.sample, source=Prediction.Source.ANALYZE)
    if seen.filter(created_at__lt=golden.created_at).exists():
        return None
    return bool(carried(row.prediction.spec, row.prediction.answer, golden.spec.to_spec()) == golden.answer)


def audited(certificate: Certificate) -> list[bool]:
    """What experts' answers say, in their order: True where the version was right."""
    rows = Acceptance.objects.filter(certificate=certificate, right__isnull=False).order_by("answered_at", "pk")
    return [bool(right) for right in rows.values_list("right", flat=True)]


def _unanswered() -> QuerySet[Acceptance]:
    return Acceptance.objects.filter(is_audit=True, answered_at=None)
