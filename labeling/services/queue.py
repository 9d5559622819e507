"""Hand out samples to experts: one sample to one expert at a time, by a lease in the database."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError
from labeling import signals
from labeling.access import Right, require
from labeling.models import Project, Review, Sample, SampleState, Split, Stream
from labeling.services.order import drawing

LEASE = timedelta(minutes=10)
# A test text that was sent back to review is for others first: for whoever did not ask, and did not answer it before.
_OTHERS_FIRST = timedelta(days=3)
_ANSWERED = (Review.Action.CONFIRM, Review.Action.CORRECT)
# A skipped test text comes again behind so many others, then behind four times as many, and so on for a few skips.
_AGAIN, _MORE, _MOST_SKIPS = 20, 4, 5
# A sample shown again keeps its lease while more than this is left, so that two tabs of one expert agree.
_RENEW_BELOW = timedelta(minutes=5)


def next_sample(actor: Actor, project: Project) -> Sample | None:
    """The sample that the person should review next, leased for ten minutes; None when the queue is empty.

    What the expert already holds comes first (newest lease first: an undone sample is shown at once).
    """
    require(actor, project, Right.REVIEW)
    held = _held(actor, project)
    if held is not None:
        return held
    with transaction.atomic():
        # SKIP LOCKED: two experts at once pass over the row that the other is just taking.
        rows = Sample.objects.filter(project=project).awaiting_review(actor.person_id)
        rows = rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
        found = _drawn(actor, project, rows)
        if found is None:
            transaction.set_rollback(True)  # nothing was given, so no turn was taken
            return None
        sample, stream = found
        lease(sample, actor, stream)
    signals.proposals_wanted.send_robust(sender=Project, project_id=project.pk)
    return sample


def _drawn(actor: Actor, project: Project, rows: QuerySet[Sample]) -> tuple[Sample, Stream] | None:
    """The next text of what waits, and the stream that gives it; what the person knows only where nothing else is."""
    unknown = rows.exclude(_known_to(actor))
    for stream, part in drawing.queues(unknown, project, drawing.plan_of(project), actor.person_id):
        if (sample := part.first()) is not None:
            return sample, stream or drawing.chance(sample)
    known = rows.first()
    return None if known is None else (known, drawing.chance(known))


@transaction.atomic
def take(actor: Actor, sample: Sample) -> Sample:
    """Lease one sample; the review page then shows it first. Raises `ConflictError`."""
    require(actor, sample.project, Right.REVIEW)
    locked = Sample.objects.awaiting_review(actor.person_id).select_for_update(no_key=True).filter(pk=sample.pk).first()
    if locked is None:
        raise ConflictError("This sample is decided, or somebody else has it now.")
    lease(locked, actor, Stream.PICKED)
    return locked


def choose(actor: Actor, sample: Sample) -> Sample:
    """Lease a sample of one's own choice. Raises `ConflictError`, for test texts and audits: chance chooses those."""
    require(actor, sample.project, Right.REVIEW)
    refuse_chosen(sample)
    return take(actor, sample)


def refuse_chosen(sample: Sample) -> None:
    """Raise `ConflictError` for a test text, and for an audit that waits."""
    if sample.split == Split.TEST:
        raise ConflictError("This is a test text: nobody chooses those. The review page shows them in their own order.")
    if Sample.objects.filter(pk=sample.pk, is_audit=True, state=SampleState.PENDING).exists():
        raise ConflictError("This is an audit: nobody chooses those. The review page shows them first.")


def _known_to(actor: Actor) -> Exists:
    """Of samples: sent back of late by the person, or with an answer that was theirs. Others come first."""
    theirs = Review.objects.filter(sample=OuterRef("sample"), reviewer=actor.person_id, action__in=_ANSWERED)
    back = Review.objects.filter(
        sample=OuterRef("pk"), action=Review.Action.UNDO, undoes=None, created_at__gt=timezone.now() - _OTHERS_FIRST
    )
    return Exists(back.filter(Q(reviewer=actor.person_id) | Exists(theirs)))


def _held(actor: Actor, project: Project) -> Sample | None:
    now = timezone.now()
    mine = Sample.objects.filter(
        project=project, state=SampleState.PENDING, lease_user=actor.person_id, lease_until__gt=now
    ).order_by("-lease_until")
    sample = mine.first()
    if sample is None or (sample.lease_until and sample.lease_until - now > _RENEW_BELOW):
        return sample
    until = now + LEASE
    if not mine.filter(pk=sample.pk).update(lease_until=until):
        return None  # it was decided or taken over between the two statements
    sample.lease_until = until
    return sample


def lease(sample: Sample, actor: Actor, stream: Stream) -> None:
    """Give a locked sample to a person for ten minutes. What gave it out first stays known."""
    sample.lease_user_id, sample.lease_until = actor.person_id, timezone.now() + LEASE
    sample.stream = sample.stream or stream
    sample.save(update_fields=["lease_user", "lease_until", "stream"])


def release_stale_leases() -> int:
    """Free the samples whose expert went away; how many. Handing out needs no sweep, honest counts do."""
    return Sample.objects.filter(state=SampleState.PENDING, lease_until__lt=timezone.now()).update(
        lease_user=None, lease_until=None
    )


def front_rank() -> int:
    """A rank before all that waits now."""
    return -_milliseconds()


def back_rank() -> int:
    """A rank behind all that waits now, and all that is still to come in."""
    return _milliseconds()


def again_rank(sample: Sample) -> int:
    """A rank behind the next few of those that wait, four times as many after each skip, and at most behind them all.

    What is still to come in may come before it or behind it, as chance has it.
    """
    skips = sample.reviews.filter(action=Review.Action.SKIP).count()
    others = Sample.objects.pending().filter(project=sample.project_id, rank__lt=drawing.SKIPPED).exclude(pk=sample.pk)
    gap = _AGAIN * _MORE ** min(skips, _MOST_SKIPS)
    behind = others.filter(rank__gte=sample.rank).values_list("rank", flat=True)[:gap]
    last = max(behind, default=sample.rank)
    return min(last, drawing.SKIPPED) + 1


def _milliseconds() -> int:
    return int(timezone.now().timestamp() * 1000)
