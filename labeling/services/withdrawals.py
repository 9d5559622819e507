"""Take a sample out of every use, and bring it back. Nothing is deleted: each step is a row of its own."""

from django.db import transaction

from labeling.access import Right, require
from labeling.kinds import storable
from labeling.models import Sample, SampleState, User, Withdrawal
from labeling.problems import ConflictError, ProblemError

MAX_REASON = 2000


@transaction.atomic
def withdraw_sample(user: User | None, sample: Sample, reason: str) -> Withdrawal:
    """From now on nothing uses the sample: no queue, proposal, snapshot, suite, proof or count.

    Its golden answer and its history stay, and an equal text that comes in again changes nothing. What was frozen
    before (snapshots, suites, versions) keeps it. Raises `PermissionDenied`, `ProblemError` without a reason, and
    `ConflictError` where it is withdrawn already.
    """
    require(user, sample.project, Right.MANAGE)
    reason = storable(reason).strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise ProblemError(f"Say why the sample is withdrawn, in at most {MAX_REASON:,} characters: the reason stays.")
    was = Sample.objects.select_for_update().get(pk=sample.pk).state
    if was == SampleState.WITHDRAWN:
        raise ConflictError("This sample is withdrawn already.")
    Sample.objects.filter(pk=sample.pk).update(state=SampleState.WITHDRAWN, lease_user=None, lease_until=None)
    return Withdrawal.objects.create(sample=sample, user=user, reason=reason, was=was)


@transaction.atomic
def restore_sample(user: User | None, sample: Sample, reason: str = "") -> Withdrawal:
    """Bring a withdrawn sample back, with the answer and in the state that it had.

    Raises `PermissionDenied`, and `ConflictError` where it is not withdrawn.
    """
    require(user, sample.project, Right.MANAGE)
    state = Sample.objects.select_for_update().get(pk=sample.pk).state
    if state != SampleState.WITHDRAWN:
        raise ConflictError("This sample is not withdrawn.")
    last = sample.withdrawals.latest("id")
    Sample.objects.filter(pk=sample.pk).update(state=last.was)
    return Withdrawal.objects.create(
        sample=sample, user=user, reason=storable(reason).strip(), was=state, restores=last
    )
