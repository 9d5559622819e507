"""Take a sample out of every use, and bring it back. Nothing is deleted: each step is a row of its own."""

from django.db import transaction

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from common.text import storable
from labeling.access import Right, require
from labeling.models import GoldenSample, Sample, SampleState, Withdrawal
from labeling.services import events

MAX_REASON = 2000


@transaction.atomic
def withdraw_sample(actor: Actor, sample: Sample, reason: str) -> Withdrawal:
    """From now on nothing uses the sample: no queue, proposal, snapshot, suite, proof or count.

    Its golden answer and its history stay, and an equal text that comes in again changes nothing. What was frozen
    before (snapshots, suites, versions) keeps it. Raises `PermissionDenied`, `ProblemError` without a reason, and
    `ConflictError` where it is withdrawn already.
    """
    require(actor, sample.project, Right.MANAGE)
    reason = storable(reason).strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise ProblemError(f"Say why the sample is withdrawn, in at most {MAX_REASON:,} characters: the reason stays.")
    was = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk).state
    if was == SampleState.WITHDRAWN:
        raise ConflictError("This sample is withdrawn already.")
    Sample.objects.filter(pk=sample.pk).update(state=SampleState.WITHDRAWN, lease_user=None, lease_until=None)
    row = Withdrawal.objects.create(sample=sample, user_id=actor.user_id, reason=reason, was=was)
    after = {"state": SampleState.WITHDRAWN.value, "withdrawal": row.uid}
    events.record(actor, "sample.withdrawn", sample, before={"state": was}, after=after)
    return row


@transaction.atomic
def restore_sample(actor: Actor, sample: Sample, reason: str = "") -> Withdrawal:
    """Bring a withdrawn sample back, with the answer and in the state that it had; to review, where its answer is gone.

    Raises `PermissionDenied`, and `ConflictError` where it is not withdrawn.
    """
    require(actor, sample.project, Right.MANAGE)
    state = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk).state
    if state != SampleState.WITHDRAWN:
        raise ConflictError("This sample is not withdrawn.")
    last = sample.withdrawals.latest("id")
    answered = GoldenSample.objects.filter(sample=sample, retired_at=None).exists()
    # What was accepted by a certificate may have been taken back meanwhile.
    again = SampleState.PENDING if last.was == SampleState.GOLDEN and not answered else SampleState(last.was)
    Sample.objects.filter(pk=sample.pk).update(state=again)
    row = Withdrawal.objects.create(
        sample=sample, user_id=actor.user_id, reason=storable(reason).strip(), was=state, restores=last
    )
    after = {"state": again.value, "withdrawal": row.uid}
    events.record(actor, "sample.restored", sample, before={"state": state}, after=after)
    return row
