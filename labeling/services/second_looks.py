"""After a blind answer: what the model says. The blind answer is the one that is recorded, and it stays.

Whoever has looked answers that text never blind again: neither by taking the answer back, nor when it is asked anew.
"""

from django.db import transaction

from common.actor import Actor
from common.problems import ConflictError
from labeling.access import Right, require
from labeling.models import GoldenSample, Prediction, Review, Sample, SampleState, SecondLook
from labeling.services import events
from labeling.ways import Given

SEEN = (
    "You have seen what the model says of this text, so the answer that you gave before stays. "
    "To have it looked at, ask others, blind, on its page."
)


def what_a_model_says(review: Review) -> Prediction | None:
    """The newest answer of a model to a text that was answered blind, for who answered it; None: nothing to compare."""
    sample = review.sample
    if not sample.is_answered_blind or review.prediction_id is not None or review.answer is None:
        return None
    return sample.predictions.select_related("spec").exclude(answer=None).order_by("-id").first()


@transaction.atomic
def look_again(actor: Actor, review: Review) -> Prediction:
    """Show the one who answered a text blind what a model says of it, and keep that they saw it.

    Raises `PermissionDenied`, and `ConflictError` where the answer is not theirs, or not the one in force, or no model
    has answered.
    """
    sample = review.sample
    require(actor, sample.project, Right.REVIEW)
    said = what_a_model_says(review)
    # The row in hand may be older than the decision.
    in_force = review.golden_samples.filter(retired_at=None, sample__state=SampleState.GOLDEN).exists()
    if said is None or review.reviewer_id != actor.person_id or not in_force:
        raise ConflictError("There is nothing to compare: that takes your own blind answer, in force, and a model's.")
    _, is_new = SecondLook.objects.get_or_create(review=review, defaults={"prediction": said})
    if is_new:
        events.record(actor, "sample.compared", sample, after={"review": review.uid, "prediction": said.uid})
    return said


def not_looked(person_id: int, sample: Sample) -> Review | None:
    """Somebody's own blind answer in force, where they have not looked at what a model says of its text; else None.

    Until then no page shows it to them: who has seen it could take the answer back, and give it anew as a blind one.
    """
    if not sample.is_answered_blind or sample.state != SampleState.GOLDEN:
        return None
    mine = GoldenSample.objects.filter(sample=sample, retired_at=None, given=Given.BLIND, review__reviewer=person_id)
    golden = mine.select_related("review").first()
    if golden is None or golden.review is None or has_looked(person_id, sample.pk):
        return None
    return golden.review if what_a_model_says(golden.review) else None


def has_looked(person_id: int | None, sample_id: int) -> bool:
    """Whether somebody saw what a model says of a text that they had answered blind."""
    return SecondLook.objects.filter(review__reviewer=person_id, review__sample=sample_id).exists()
