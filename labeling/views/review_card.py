"""What the review page shows of one sample: the kind's fields with the proposal, and the form's hidden facts."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from labeling.kinds import Answer, Spec, kind_of
from labeling.models import Prediction, Project, Review, Sample
from labeling.querysets import capped_count
from labeling.services.fitting import carried
from labeling.shares import fills_in, percent, sureness


@dataclass
class Card:
    """A leased sample, ready to be shown; a test text without what models say of it."""

    sample: Sample
    spec: Spec
    prediction: Prediction | None
    proposal: Answer | None
    entered: Answer | None = None
    comment: str = ""
    is_filled_in: bool = True  # else the proposal is told, and whoever wants it takes it
    shown: float = field(default_factory=lambda: timezone.now().timestamp())

    @property
    def is_blind(self) -> bool:
        return self.sample.is_blind

    @property
    def lease(self) -> str:
        """The lease that the form carries back."""
        return self.sample.lease_until.isoformat() if self.sample.lease_until else ""

    @property
    def start(self) -> Answer | None:
        """The proposal, where the form begins with it."""
        return self.proposal if self.is_filled_in else None

    @property
    def is_withheld_for_doubt(self) -> bool:
        """There is a proposal that is too unsure to be filled in."""
        return self.proposal is not None and not self.is_filled_in

    @property
    def sureness(self) -> str:
        """How sure the proposal is, in percent."""
        sure = sureness(self.prediction) if self.prediction else None
        return "" if sure is None else percent(sure)

    @property
    def current(self) -> Answer | None:
        """What the form shows: what was entered before, else the proposal."""
        return self.start if self.entered is None else self.entered

    @cached_property
    def fields(self) -> dict[str, Any]:
        """What the kind's form shows."""
        return kind_of(self.spec).fields(self.spec, self.start, self.current, self.sample.whole_input)


def make_card(
    project: Project, sample: Sample, entered: Answer | None = None, comment: str = "", *, taken: bool = False
) -> Card:
    """The card of a leased sample; an answer that was just undone, or entered before, is filled in again.

    `taken`: the expert asked for the proposal, however unsure it is.
    """
    spec = project.spec.to_spec()
    prediction = proposed_to(sample)
    # None also where it answers an older spec, with labels that are gone.
    proposal = carried(prediction.spec, prediction.answer, spec) if prediction else None
    if entered is None:
        entered = _undone_answer(sample, spec)
    return Card(sample, spec, prediction, proposal, entered, comment, taken or fills_in(project, prediction))


def proposed_to(sample: Sample) -> Prediction | None:
    """What the page may show of what models say of a sample: the newest answer; of a test text nothing."""
    if sample.is_blind:
        return None
    return sample.predictions.select_related("spec").order_by("-id").first()


def _undone_answer(sample: Sample, spec: Spec) -> Answer | None:
    last = sample.reviews.select_related("undoes__spec").order_by("-id").first()
    if last is None or last.action != Review.Action.UNDO or last.undoes is None:
        return None
    if sample.is_blind and last.undoes.reviewer_id != last.reviewer_id:
        # A colleague's answer is no blank page either.
        return None
    return carried(last.undoes.spec, last.undoes.answer, spec)


def progress(request: HttpRequest, project: Project) -> dict[str, int]:
    """What this person did today, and what is left (counted to a cap)."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    done = Review.objects.filter(
        reviewer_id=request.user.pk, created_at__gte=midnight, sample__project=project, undone_by=None
    ).exclude(action__in=[Review.Action.UNDO, Review.Action.SKIP])
    return {"done": done.count(), "left": capped_count(Sample.objects.pending().filter(project=project))}
