"""Proposals that become golden answers without an expert, and the way back; which of them to trust is decided above.

Only training texts: test texts judge versions and validation texts choose methods, and neither may lean on a model.
"""

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.actor import Actor
from labeling.access import Right, require
from labeling.models import GoldenSample, Prediction, Project, Sample, SampleState, Split
from labeling.services import events
from labeling.services.fitting import Fitting
from labeling.services.golden import announce_golden
from labeling.services.queue import front_rank
from labeling.ways import Given


@transaction.atomic
def accept_proposals(actor: Actor, project: Project, proposals: Sequence[Prediction]) -> list[GoldenSample]:
    """The golden answers that these proposals become, one for each text that still waits, and that nobody holds.

    A proposal that does not fit the task of today is passed over. Raises `PermissionDenied`.
    """
    require(actor, project, Right.MANAGE)
    free = _waiting(project, proposals)
    fitting = Fitting(project.spec.to_spec())
    golden = [
        GoldenSample(
            project=project,
            sample_id=proposal.sample_id,
            spec=project.spec,
            answer=answer,
            source=GoldenSample.Source.CERTIFIED,
            given=Given.CERTIFIED,
        )
        for proposal in proposals
        if proposal.sample_id in free and proposal.answer is not None
        if (answer := fitting.read(proposal.spec_id, proposal.answer)) is not None
    ]
    if golden:
        GoldenSample.objects.bulk_create(golden)
        Sample.objects.filter(pk__in=[row.sample_id for row in golden]).update(
            state=SampleState.GOLDEN, lease_user=None, lease_until=None
        )
        events.record(actor, "samples.accepted", project, after={"count": len(golden)})
        announce_golden(project.pk, None)
    return golden


@transaction.atomic
def audit_proposals(actor: Actor, project: Project, proposals: Sequence[Prediction]) -> list[Prediction]:
    """Those whose texts now come to review first, to be answered blind: the ones that still waited."""
    require(actor, project, Right.MANAGE)
    free = _waiting(project, proposals)
    if free:
        Sample.objects.filter(pk__in=free).update(is_audit=True, rank=front_rank())
        events.record(actor, "samples.audited", project, after={"count": len(free)})
    return [proposal for proposal in proposals if proposal.sample_id in free]


@transaction.atomic
def reopen_accepted(actor: Actor, project: Project, golden: Collection[int]) -> int:
    """Send texts back to review whose accepted answers, by primary key, are still in force; how many there were.

    The answers are retired, not deleted. A withdrawn text stays so, and loses its answer, too: brought back, it waits.
    Raises `PermissionDenied`.
    """
    require(actor, project, Right.MANAGE)
    rows = GoldenSample.objects.filter(pk__in=golden, project=project, given=Given.CERTIFIED, retired_at=None)
    samples = list(
        Sample.objects.select_for_update(no_key=True)
        .filter(pk__in=rows.values("sample"), state__in=(SampleState.GOLDEN, SampleState.WITHDRAWN))
        .values_list("pk", flat=True)
    )
    if samples:
        GoldenSample.objects.filter(pk__in=golden, sample__in=samples, retired_at=None).update(
            retired_at=timezone.now()
        )
        Sample.objects.filter(pk__in=samples, state=SampleState.GOLDEN).update(state=SampleState.PENDING)
        events.record(actor, "samples.reopened", project, after={"count": len(samples)})
    return len(samples)


def _waiting(project: Project, proposals: Sequence[Prediction]) -> set[int]:
    """The samples of these that wait, locked: training texts that nobody holds and that are no audits."""
    samples = [proposal.sample_id for proposal in proposals if proposal.sample_id is not None]
    nobody = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    rows = Sample.objects.filter(
        nobody, pk__in=samples, project=project, split=Split.TRAIN, state=SampleState.PENDING, is_audit=False
    )
    return set(rows.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
