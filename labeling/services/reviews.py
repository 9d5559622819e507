"""What an expert decides of a sample. Each decision is a new `Review` row; none is ever changed.

A test text is decided without a proposal: an answer that leans on a model's flatters that model.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from labeling.access import Right, require
from labeling.kinds import Answer
from labeling.models import GoldenSample, Prediction, Project, Review, Sample, SampleState, Split, User
from labeling.problems import ConflictError, ProblemError
from labeling.services.fitting import carried
from labeling.services.queue import back_rank, front_rank, lease
from labeling.services.samples import make_golden, retire_golden, stored_answer
from labeling.ways import Given

Action = Review.Action


class ProposalSeenError(ProblemError):
    """A test text was answered beside what a model says of it."""


def confirm(
    user: User,
    sample: Sample,
    *,
    prediction: Prediction,
    seconds: float | None = None,
    comment: str = "",
    held_until: datetime | None = None,
) -> Review:
    """The proposal is right: its answer becomes the golden answer. Raises `ConflictError`, `ProblemError`.

    `held_until` is the lease that the expert's page was made under; None asks only that nobody else holds it.
    """
    answer = carried(prediction.spec, prediction.answer, sample.project.spec.to_spec())
    if answer is None:
        raise ProblemError(
            "The model gave no answer that fits the task of today, so there is nothing to confirm. Choose the answer."
        )
    return _approve(user, sample, Action.CONFIRM, answer, prediction, seconds, comment, held_until)


def correct(
    user: User,
    sample: Sample,
    *,
    answer: Answer,
    prediction: Prediction | None = None,
    seconds: float | None = None,
    comment: str = "",
    held_until: datetime | None = None,
) -> Review:
    """The expert's own answer becomes the golden answer. Raises `ConflictError`, `ProblemError`."""
    return _approve(user, sample, Action.CORRECT, answer, prediction, seconds, comment, held_until)


@transaction.atomic
def reject(user: User, sample: Sample, **details: Any) -> Review:
    """The text is not fit for labeling: it leaves the queue and is never trained on."""
    return _decide(user, sample, Action.REJECT, {"state": SampleState.REJECTED}, **details)


@transaction.atomic
def skip(user: User, sample: Sample, **details: Any) -> Review:
    """Not now, or not by me: the sample goes to the back of the queue."""
    return _decide(user, sample, Action.SKIP, {"rank": back_rank()}, **details)


@transaction.atomic
def undo(user: User, project: Project) -> Review | None:
    """Take the expert's own last decision back; the sample is theirs again at once. None: nothing to undo.

    Raises `ConflictError` where somebody else has decided or taken the sample since.
    """
    require(user, project, Right.REVIEW)
    last = (
        Review.objects.filter(reviewer=user, sample__project=project, undone_by=None)
        .exclude(action=Action.UNDO)
        .select_related("sample")
        .order_by("-id")
        .first()
    )
    if last is None:
        return None
    sample = Sample.objects.select_for_update().get(pk=last.sample_id)
    _refuse_withdrawn(sample)
    newest = sample.reviews.order_by("-id").values_list("pk", flat=True).first()
    if newest != last.pk or _held_by_other(sample, user):
        raise ConflictError("Somebody else has this sample now, so your last decision cannot be undone.")
    return _reopen(user, sample, last)


@transaction.atomic
def reopen(user: User, sample: Sample) -> Review:
    """Send a decided sample back to review, to this expert at once; its golden answer is retired, not deleted."""
    require(user, sample.project, Right.REVIEW)
    sample = Sample.objects.select_for_update().get(pk=sample.pk)
    _refuse_withdrawn(sample)
    if sample.state == SampleState.PENDING:
        raise ConflictError("This sample waits for review already.")
    last = sample.reviews.filter(undone_by=None).exclude(action=Action.UNDO).order_by("-id").first()
    return _reopen(user, sample, last)


def _refuse_withdrawn(sample: Sample) -> None:
    if sample.state == SampleState.WITHDRAWN:
        raise ConflictError("This sample is withdrawn. A manager of the project can bring it back on its page.")


def _reopen(user: User, sample: Sample, last: Review | None) -> Review:
    retire_golden(sample)
    sample.state, sample.rank = SampleState.PENDING, front_rank()
    sample.save(update_fields=["state", "rank"])
    lease(sample, user)
    return Review.objects.create(
        sample=sample, spec=sample.project.spec, reviewer=user, action=Action.UNDO, undoes=last
    )


@transaction.atomic
def _approve(
    user: User,
    sample: Sample,
    action: str,
    answer: Answer,
    prediction: Prediction | None,
    seconds: float | None,
    comment: str,
    held_until: datetime | None,
) -> Review:
    spec = sample.project.spec
    stored = stored_answer(spec, answer)
    review = _decide(
        user,
        sample,
        action,
        {"state": SampleState.GOLDEN},
        answer=stored,
        prediction=prediction,
        seconds=seconds,
        comment=comment,
        held_until=held_until,
    )
    make_golden(sample, spec, stored, source=GoldenSample.Source.REVIEW, given=_given(prediction), review=review)
    return review


def _given(prediction: Prediction | None) -> str:
    """Whatever a model said was on the card, readable or not, the expert has seen it."""
    shown = prediction is not None and (prediction.answer is not None or prediction.raw)
    return Given.SEEN if shown else Given.BLIND


def _decide(
    user: User,
    sample: Sample,
    action: str,
    values: dict[str, Any],
    *,
    held_until: datetime | None = None,
    prediction: Prediction | None = None,
    **details: Any,
) -> Review:
    require(user, sample.project, Right.REVIEW)
    if prediction is not None and prediction.sample_id != sample.pk:
        raise ProblemError("This prediction belongs to another text.")
    if prediction is not None and sample.split == Split.TEST:
        raise ProposalSeenError(
            "Not saved: this is a test text, and the answer was given beside a model's. Test texts are answered on the "
            "review page, without a proposal."
        )
    # One conditional update decides who comes first: of two clicks, or two experts, only one gets through.
    mine = Q(lease_user=user) if held_until is None else Q(lease_user=user, lease_until=held_until)
    nobody = Q(lease_user=None) | Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    decided = Sample.objects.filter(mine | nobody, pk=sample.pk, state=SampleState.PENDING).update(
        **values, lease_user=None, lease_until=None
    )
    if not decided:
        raise ConflictError(_why_not(user, sample))
    return Review.objects.create(
        sample=sample, spec=sample.project.spec, reviewer=user, action=action, prediction=prediction, **details
    )


def _held_by_other(sample: Sample, user: User) -> bool:
    free = sample.lease_user_id is None or sample.lease_until is None or sample.lease_until < timezone.now()
    return not free and sample.lease_user_id != user.pk


def _why_not(user: User, sample: Sample) -> str:
    sample = Sample.objects.select_related("lease_user").get(pk=sample.pk)
    if sample.state == SampleState.PENDING:
        if sample.lease_user_id == user.pk:
            return "This sample was given to you again since this page was made. Please look and decide once more."
        return f"Your time for this sample ran out and {sample.lease_user} has it now."
    if sample.state == SampleState.WITHDRAWN:
        return "This sample was withdrawn from every use in the meantime; its page says by whom and why."
    last = sample.reviews.select_related("reviewer").order_by("-id").first()
    if last is None:
        return "This sample got its answer in the meantime."
    who = "You have" if last.reviewer_id == user.pk else f"{last.reviewer} has"
    return f"{who} decided this sample already ({last.get_action_display().lower()})."
