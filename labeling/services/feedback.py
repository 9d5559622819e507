"""What the outside says of a prediction.

A right answer given by a person who may review becomes the golden answer at once. From everybody else (a token, a
person without that right) it is kept as a hint, and the sample goes to the front of the review queue: training
data comes from people whom a manager made experts, and from nobody else. A thumb down does the same.

A test text is neither answered nor moved by feedback: whoever gives it has seen a model's answer, and a suite of the
texts that somebody complained of would bend every figure. The row keeps what followed from it (`effect`).
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from common.text import storable
from labeling.access import Right, may
from labeling.kinds import Answer
from labeling.models import Feedback, GoldenSample, Prediction, Sample, SampleState, Split
from labeling.services import events
from labeling.services.decisions import decide_known
from labeling.services.golden import stored_answer
from labeling.services.queue import front_rank


@transaction.atomic
def give_feedback(
    actor: Actor,
    prediction: Prediction,
    *,
    thumb: int | None = None,
    comment: str = "",
    answer: Answer | None = None,
) -> Feedback:
    """Keep a thumb (1 or -1), a comment, or the right answer to a prediction; see the module for what follows.

    Raises `PermissionDenied`, and `ProblemError` where nothing is said or the answer does not fit the project.
    """
    project = prediction.project
    if not may(actor, project, Right.FEEDBACK):
        raise PermissionDenied(f"{actor} may not give feedback in project {project.key}.")
    if thumb is None and not comment.strip() and answer is None:
        raise ProblemError("Say something: a thumb (1 or -1), a comment, or the right answer.")
    if thumb is not None and thumb not in Feedback.Thumb.values:
        raise ProblemError("A thumb is 1 or -1.")
    spec = project.spec
    asked = prediction.sample.whole_input if prediction.sample else None
    stored = None if answer is None else stored_answer(spec, answer, asked)
    reviews = stored is not None and not actor.is_system and may(actor, project, Right.REVIEW)
    wants_review = thumb == Feedback.Thumb.DOWN or stored is not None
    feedback = Feedback.objects.create(
        project=project,
        prediction=prediction,
        thumb=thumb,
        comment=storable(comment.strip()),
        answer=stored,
        spec=None if stored is None else spec,
        effect=_follow(actor, prediction.sample, stored if reviews else None, wants_review),
        user_id=actor.user_id,
        token_id=actor.token_id,
    )
    after = {"prediction": prediction.uid, "thumb": thumb, "effect": str(feedback.effect)}
    events.record(actor, "feedback.given", feedback, after=after)
    return feedback


def _follow(actor: Actor, sample: Sample | None, approved: Answer | None, wants_review: bool) -> str:
    """Do what feedback asks of its text, where that may be; what followed."""
    if sample is None:
        return Feedback.Effect.KEPT
    if sample.split == Split.TEST:
        return Feedback.Effect.TEST
    # Locked: a manager may be withdrawing the text at this moment.
    sample = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
    if sample.state == SampleState.WITHDRAWN:
        return Feedback.Effect.WITHDRAWN
    if sample.is_audit and sample.state == SampleState.PENDING:
        return Feedback.Effect.AUDIT
    if approved is not None:
        decide_known(actor, sample, approved, source=GoldenSample.Source.FEEDBACK)
        return Feedback.Effect.APPROVED
    if wants_review and sample.state == SampleState.PENDING:
        Sample.objects.filter(pk=sample.pk).update(rank=front_rank())
        return Feedback.Effect.FIRST
    return Feedback.Effect.KEPT
