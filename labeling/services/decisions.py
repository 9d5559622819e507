"""An answer becomes the golden answer: the one verb for it, whoever gives the answer, and through whichever door."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, may
from labeling.kinds import kind_of
from labeling.models import GoldenSample, Prediction, Review, Sample, SampleState
from labeling.services import events
from labeling.services.fitting import carried
from labeling.services.golden import announce_golden, make_golden, refusals, settle, stored_answer
from labeling.services.reviews import conclude
from labeling.services.second_looks import has_looked
from labeling.shares import fills_in
from labeling.ways import Given

Source = GoldenSample.Source
_JUST = timedelta(minutes=10)


class NothingChosenError(ProblemError):
    """Nobody, expert or model, has chosen anything yet."""


@transaction.atomic
def decide(
    actor: Actor,
    sample: Sample,
    answer: Any,
    *,
    prediction: Prediction | None = None,
    none_ok: bool = False,
    seconds: float | None = None,
    comment: str = "",
    held_until: datetime | None = None,
) -> Review:
    """The expert's answer, given beside `prediction` where a model's was shown: a confirmation where they are equal.

    `held_until` is the lease that the expert's page was made under; None asks only that nobody else holds it.
    Raises `ConflictError`, `ProblemError`, and `NothingChosenError` for an empty answer that no model proposed,
    unless `none_ok` says that it is meant: a form that nobody touched is empty, too.
    """
    spec = sample.project.spec
    stored = stored_answer(spec, answer, sample.whole_input)
    proposal = carried(prediction.spec, prediction.answer, spec.to_spec()) if prediction else None
    kind = kind_of(sample.project)
    filled_in = proposal is not None and fills_in(sample.project, prediction)
    if not filled_in and kind.is_empty(stored) and not none_ok:
        raise NothingChosenError(kind.nothing_given)
    review = conclude(
        actor,
        sample,
        Review.Action.CONFIRM if proposal == stored else Review.Action.CORRECT,
        {"state": SampleState.GOLDEN},
        spec=spec,
        answer=stored,
        prediction=prediction,
        seconds=seconds,
        comment=comment,
        held_until=held_until,
    )
    given = _given(actor, sample, prediction)
    make_golden(sample, spec, stored, source=Source.REVIEW, given=given, review=review)
    return review


def confirm(actor: Actor, sample: Sample, *, prediction: Prediction, **details: Any) -> Review:
    """The proposal is right, whatever it says. Raises as `decide`."""
    answer = carried(prediction.spec, prediction.answer, sample.project.spec.to_spec())
    if answer is None:
        raise ProblemError(
            "The model gave no answer that fits the task of today, so there is nothing to confirm. Choose the answer."
        )
    return decide(actor, sample, answer, prediction=prediction, **details | {"none_ok": True})


def decided_so(actor: Actor, sample: Sample, answer: Any) -> Review | None:
    """The last decision about a sample where it is this very answer, just given by the same person; else None.

    What was saved and whose confirmation got lost on its way is sent once more: it is no conflict.
    """
    last = sample.reviews.select_related("sample__project", "prediction").order_by("-id").first()
    if last is None or last.reviewer_id != actor.person_id or last.created_at < timezone.now() - _JUST:
        return None
    try:
        same = last.answer is not None and last.answer == stored_answer(last.spec, answer, sample.whole_input)
    except ProblemError:
        return None
    return last if same else None


@transaction.atomic
def decide_known(actor: Actor, sample: Sample, answer: Any, *, source: str = Source.IMPORT) -> bool:
    """The same for an answer that was given elsewhere, where an empty one says that it is; whether it was taken.

    A file overrules nothing that was decided before; feedback of somebody who reviews does. Raises
    `PermissionDenied`, `ProblemError` where it is no answer, `ConflictError` where the sample is withdrawn.
    """
    if not may(actor, sample.project, Right.REVIEW):
        raise PermissionDenied(f"{actor} may not approve answers in project {sample.project.key}.")
    spec = sample.project.spec
    sample = Sample.objects.select_for_update(of=("self",), no_key=True).select_related("project").get(pk=sample.pk)
    stored = stored_answer(spec, answer, sample.whole_input)
    refusal = next(iter(refusals([(sample, stored)], spec)))
    if sample.state == SampleState.WITHDRAWN:
        raise ConflictError(refusal)
    if source == Source.IMPORT:
        taken = bool(settle([(sample, stored)], spec))
        announce_golden(sample.project_id, None)
    elif taken := bool(refusal or sample.state == SampleState.PENDING):
        # Feedback is said of a prediction, so whoever gives it has seen one.
        make_golden(sample, spec, stored, source=source, given=Given.SEEN)
    if taken:
        golden = GoldenSample.objects.current().get(sample=sample)
        events.record(actor, "sample.approved", sample, after={"golden": golden.uid, "source": source})
    return taken


def _given(actor: Actor, sample: Sample, prediction: Prediction | None) -> str:
    """Whatever a model said was on the card, readable or not, or was looked at after an earlier blind answer."""
    shown = prediction is not None and (prediction.answer is not None or prediction.raw)
    shown = shown or (sample.is_answered_blind and has_looked(actor.person_id, sample.pk))
    return Given.SEEN if shown else Given.BLIND
