"""What the outside says of a prediction.

A right answer given by a person who may review becomes the golden answer at once. From everybody else (a token, a
person without that right) it is kept as a hint, and the sample goes to the front of the review queue: training
data comes from people whom a manager made experts, and from nobody else. A thumb down does the same.

A test text is neither answered nor moved by feedback: whoever gives it has seen a model's answer, and a suite of the
texts that somebody complained of would bend every figure. The row keeps what followed from it (`effect`).
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from labeling.access import Right, projects_for
from labeling.kinds import Answer, storable
from labeling.models import ApiToken, Feedback, GoldenSample, Prediction, Sample, SampleState, Split, TaskSpec, User
from labeling.problems import ProblemError
from labeling.services.queue import front_rank
from labeling.services.samples import approve_known_answer, stored_answer


@transaction.atomic
def give_feedback(
    prediction: Prediction,
    *,
    user: User | None = None,
    token: ApiToken | None = None,
    thumb: int | None = None,
    comment: str = "",
    answer: Answer | None = None,
) -> Feedback:
    """Keep a thumb (1 or -1), a comment, or the right answer to a prediction; see the module for what follows.

    Raises `PermissionDenied`, and `ProblemError` where nothing is said or the answer does not fit the project.
    """
    project = prediction.project
    user = user or (token.owner if token else None)
    if user is not None and not _may(user, prediction, Right.FEEDBACK, token):
        raise PermissionDenied(f"{user} may not give feedback in project {project.key}.")
    if thumb is None and not comment.strip() and answer is None:
        raise ProblemError("Say something: a thumb (1 or -1), a comment, or the right answer.")
    if thumb is not None and thumb not in Feedback.Thumb.values:
        raise ProblemError("A thumb is 1 or -1.")
    spec = project.spec
    stored = None if answer is None else stored_answer(spec, answer)
    reviews = stored is not None and user is not None and _may(user, prediction, Right.REVIEW, token)
    wants_review = thumb == Feedback.Thumb.DOWN or stored is not None
    return Feedback.objects.create(
        project=project,
        prediction=prediction,
        thumb=thumb,
        comment=storable(comment.strip()),
        answer=stored,
        spec=None if stored is None else spec,
        effect=_follow(prediction.sample, spec, stored if reviews else None, wants_review),
        user=user,
        token=token,
    )


def _follow(sample: Sample | None, spec: TaskSpec, approved: Answer | None, wants_review: bool) -> str:
    """Do what feedback asks of its text, where that may be; what followed."""
    if sample is None:
        return Feedback.Effect.KEPT
    if sample.split == Split.TEST:
        return Feedback.Effect.TEST
    # Locked: a manager may be withdrawing the text at this moment.
    sample = Sample.objects.select_for_update().get(pk=sample.pk)
    if sample.state == SampleState.WITHDRAWN:
        return Feedback.Effect.WITHDRAWN
    if approved is not None:
        approve_known_answer(sample, spec, approved, source=GoldenSample.Source.FEEDBACK)
        return Feedback.Effect.APPROVED
    if wants_review and sample.state == SampleState.PENDING:
        Sample.objects.filter(pk=sample.pk).update(rank=front_rank())
        return Feedback.Effect.FIRST
    return Feedback.Effect.KEPT


def _may(user: User, prediction: Prediction, right: Right, token: ApiToken | None) -> bool:
    return bool(projects_for(user, right, token).filter(pk=prediction.project_id).exists())
