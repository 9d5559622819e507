"""Mark a test text that no version may lose, and take the mark back. Nothing is deleted: each step is a row."""

from django.db import transaction

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from common.text import storable
from labeling.access import Right, require
from labeling.models import MustPass, Sample, Split
from labeling.services import events
from labeling.services.withdrawals import MAX_REASON


@transaction.atomic
def mark_must_pass(actor: Actor, sample: Sample, reason: str) -> MustPass:
    """From the next suite of hard cases on, a version that loses this text is refused.

    A suite that carries figures neither gains nor loses it. Raises `PermissionDenied`, `ProblemError` without a reason
    or for a text outside the test split, and `ConflictError` where it is marked already.
    """
    require(actor, sample.project, Right.MANAGE)
    reason = storable(reason).strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise ProblemError(f"Say why no version may lose it, in at most {MAX_REASON:,} characters: the reason stays.")
    if sample.split != Split.TEST:
        raise ProblemError(
            f"This text is in the split “{sample.split}”, which versions learn from. Only test texts can be must-pass."
        )
    _lock(sample)
    if sample.must_passes.in_force().exists():
        raise ConflictError("This text is marked as must-pass already.")
    row = MustPass.objects.create(sample=sample, user_id=actor.user_id, reason=reason)
    events.record(actor, "sample.must_pass", sample, after={"mark": row.uid})
    return row


@transaction.atomic
def lift_must_pass(actor: Actor, sample: Sample, reason: str = "") -> MustPass:
    """A version may lose the text again. Raises `PermissionDenied`, and `ConflictError` where it is not marked."""
    require(actor, sample.project, Right.MANAGE)
    _lock(sample)
    mark = sample.must_passes.in_force().first()
    if mark is None:
        raise ConflictError("This text is not marked as must-pass.")
    row = MustPass.objects.create(
        sample=sample, user_id=actor.user_id, reason=storable(reason).strip()[:MAX_REASON], lifts=mark
    )
    events.record(actor, "sample.may_fail", sample, before={"mark": mark.uid})
    return row


def _lock(sample: Sample) -> None:
    """One mark after the other."""
    Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
