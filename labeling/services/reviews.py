"""What an expert decides of a sample. Each decision is a new `Review` row; none is ever changed.

A test text is decided without a proposal: an answer that leans on a model's flatters that model.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, require
from labeling.models import Prediction, Project, Review, Sample, SampleState, Split, Stream
from labeling.services import events
from labeling.services.comments import comment_of
from labeling.services.golden import retire_golden
from labeling.services.queue import again_rank, back_rank, front_rank, lease
from labeling.services.second_looks import SEEN, has_looked

Action = Review.Action
_VERBS: dict[str, str] = {
    Action.CONFIRM: "sample.confirmed",
    Action.CORRECT: "sample.corrected",
    Action.REJECT: "sample.rejected",
    Action.SKIP: "sample.skipped",
}


class ProposalSeenError(ProblemError):
    """A test text, or an audit, was answered beside what a model says of it."""


@transaction.atomic
def reject(actor: Actor, sample: Sample, **details: Any) -> Review:
    """The text is not fit for labeling: it leaves the queue and is never trained on."""
    return conclude(actor, sample, Action.REJECT, {"state": SampleState.REJECTED}, **details)


@transaction.atomic
def skip(actor: Actor, sample: Sample, **details: Any) -> Review:
    """Not now, or not by me: the sample goes to the back of the queue.

    Test texts and audits come again sooner: were hard ones passed on for good, the figures would be of the easy ones.
    """
    rank = again_rank(sample) if sample.is_answered_blind else back_rank()
    return conclude(actor, sample, Action.SKIP, {"rank": rank}, **details)


@transaction.atomic
def undo(actor: Actor, project: Project) -> Review | None:
    """Take the expert's own last decision back; the sample is theirs again at once. None: nothing to undo.

    Raises `ConflictError` where somebody else has decided or taken the sample since.
    """
    require(actor, project, Right.REVIEW)
    last = (
        Review.objects.filter(reviewer=actor.person_id, sample__project=project, undone_by=None)
        .exclude(action=Action.UNDO)
        .select_related("sample")
        .order_by("-id")
        .first()
    )
    if last is None:
        return None
    sample = Sample.objects.select_for_update(no_key=True).get(pk=last.sample_id)
    _refuse_withdrawn(sample)
    newest = sample.reviews.order_by("-id").values_list("pk", flat=True).first()
    if newest != last.pk or _held_by_other(sample, actor):
        raise ConflictError("Somebody else has this sample now, so your last decision cannot be undone.")
    if (
        sample.is_answered_blind
        and last.action in (Action.CONFIRM, Action.CORRECT)
        and has_looked(last.reviewer_id, sample.pk)
    ):
        raise ConflictError(SEEN)
    return _reopen(actor, sample, last)


@transaction.atomic
def reopen(actor: Actor, sample: Sample) -> Review:
    """Send a decided sample back to review, to this expert at once; its golden answer is retired, not deleted."""
    require(actor, sample.project, Right.REVIEW)
    sample = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
    _refuse_withdrawn(sample)
    if sample.state == SampleState.PENDING:
        raise ConflictError("This sample waits for review already.")
    last = sample.reviews.filter(undone_by=None).exclude(action=Action.UNDO).order_by("-id").first()
    return _reopen(actor, sample, last)


def _refuse_withdrawn(sample: Sample) -> None:
    if sample.state == SampleState.WITHDRAWN:
        raise ConflictError("This sample is withdrawn. A manager of the project can bring it back on its page.")


def _reopen(actor: Actor, sample: Sample, last: Review | None) -> Review:
    review = sent_back(actor, sample, last)
    lease(sample, actor, Stream.FIRST)
    return review


def sent_back(actor: Actor, sample: Sample, last: Review | None) -> Review:
    """A locked sample waits for review again, at the front; its answer is retired. `last`: the decision taken back."""
    was = sample.state
    retire_golden(sample)
    sample.state, sample.rank = SampleState.PENDING, front_rank()
    sample.save(update_fields=["state", "rank"])
    review = Review.objects.create(
        sample=sample, spec=sample.project.spec, reviewer_id=actor.person_id, action=Action.UNDO, undoes=last
    )
    after = {"state": sample.state, "review": review.uid, "undoes": last.uid if last else None}
    events.record(actor, "sample.reopened", sample, before={"state": was}, after=after)
    return review


def conclude(
    actor: Actor,
    sample: Sample,
    action: str,
    values: dict[str, Any],
    *,
    held_until: datetime | None = None,
    prediction: Prediction | None = None,
    **details: Any,
) -> Review:
    """Write down what the expert decided, and end the lease: the one way that every decision goes.

    Raises `ConflictError` where somebody else came first, `ProposalSeenError`, `PermissionDenied`.
    """
    require(actor, sample.project, Right.REVIEW)
    if prediction is not None and prediction.sample_id != sample.pk:
        raise ProblemError("This prediction belongs to another text.")
    if prediction is not None and sample.is_answered_blind:
        what = "a test text" if sample.split == Split.TEST else "an audit"
        raise ProposalSeenError(
            f"Not saved: this is {what}, and the answer was given beside a model's. Such texts are answered on the "
            "review page, without a proposal."
        )
    # One conditional update decides who comes first: of two clicks, or two experts, only one gets through.
    user = actor.person_id
    mine = Q(lease_user=user) if held_until is None else Q(lease_user=user, lease_until=held_until)
    nobody = Q(lease_user=None) | Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    decided = Sample.objects.filter(mine | nobody, pk=sample.pk, state=SampleState.PENDING).update(
        **values, lease_user=None, lease_until=None
    )
    if not decided:
        raise ConflictError(_why_not(actor, sample))
    if "spec" not in details:  # by which the answer was read, where there is one
        details["spec"] = sample.project.spec
    review = Review.objects.create(sample=sample, reviewer_id=user, action=action, prediction=prediction, **details)
    after = {"review": review.uid, "prediction": prediction.uid if prediction else None, **values}
    events.record(actor, _VERBS[action], sample, after=after)
    comment_of(actor, review)
    return review


def _held_by_other(sample: Sample, actor: Actor) -> bool:
    free = sample.lease_user_id is None or sample.lease_until is None or sample.lease_until < timezone.now()
    return not free and sample.lease_user_id != actor.person_id


def _why_not(actor: Actor, sample: Sample) -> str:
    sample = Sample.objects.select_related("lease_user").get(pk=sample.pk)
    if sample.state == SampleState.PENDING:
        if sample.lease_user_id == actor.person_id:
            return "This sample was given to you again since this page was made. Please look and decide once more."
        return f"Your time for this sample ran out and {sample.lease_user} has it now."
    if sample.state == SampleState.WITHDRAWN:
        return "This sample was withdrawn from every use in the meantime; its page says by whom and why."
    last = sample.reviews.select_related("reviewer", "prediction").order_by("-id").first()
    if last is None:
        return "This sample got its answer in the meantime."
    who = "You have" if last.reviewer_id == actor.person_id else f"{last.reviewer} has"
    return f"{who} decided this sample already ({last.done})."
