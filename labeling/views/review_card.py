"""What the review page shows of one sample: toggles with the proposal on them, and the form's hidden facts."""

import math
from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from labeling.kinds import KINDS, MULTI_LABEL, SINGLE_LABEL, Answer, Spec
from labeling.models import Prediction, Project, Review, Sample
from labeling.querysets import capped_count
from labeling.services.fitting import carried

# One key each for the first ten toggles, as they lie on a keyboard.
KEYS = "1234567890"


@dataclass(frozen=True)
class Toggle:
    """One label as a checkbox or radio button."""

    name: str
    description: str
    key: str
    proposed: bool
    checked: bool


@dataclass
class Card:
    """A leased sample, ready to be shown; a test text without what models say of it."""

    sample: Sample
    spec: Spec
    prediction: Prediction | None
    proposal: Answer | None
    entered: Answer | None = None
    comment: str = ""
    shown: float = field(default_factory=lambda: timezone.now().timestamp())

    @property
    def is_blind(self) -> bool:
        return self.sample.is_blind

    @property
    def lease(self) -> str:
        """The lease that the form carries back."""
        return self.sample.lease_until.isoformat() if self.sample.lease_until else ""

    @property
    def uses_labels(self) -> bool:
        return KINDS[self.spec.kind].uses_labels

    @property
    def single(self) -> bool:
        return self.spec.kind == SINGLE_LABEL

    @property
    def toggles(self) -> list[Toggle]:
        """All labels in the project's order."""
        proposed, checked = label_names(self.proposal), label_names(self.current)
        keys = KEYS.ljust(len(self.spec.labels))
        return [
            Toggle(label.name, label.description, key.strip(), label.name in proposed, label.name in checked)
            for key, label in zip(keys, self.spec.labels, strict=False)
        ]

    @property
    def current(self) -> Answer | None:
        """What the form shows: what was entered before, else the proposal."""
        return self.proposal if self.entered is None else self.entered

    @property
    def text(self) -> str:
        return str((self.current or {}).get("text", ""))

    @property
    def proposed_text(self) -> str:
        return str((self.proposal or {}).get("text", ""))


def label_names(answer: Answer | None) -> list[str]:
    """The labels of an answer of any kind, for people to read."""
    if answer is None:
        return []
    return [answer["label"]] if "label" in answer else list(answer.get("labels", []))


def make_card(project: Project, sample: Sample, entered: Answer | None = None, comment: str = "") -> Card:
    """The card of a leased sample; an answer that was just undone, or entered before, is filled in again."""
    spec = project.spec.to_spec()
    prediction = proposed_to(sample)
    # None also where it answers an older spec, with labels that are gone.
    proposal = carried(prediction.spec, prediction.answer, spec) if prediction else None
    if entered is None:
        entered = _undone_answer(sample, spec)
    return Card(sample, spec, prediction, proposal, entered, comment)


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


def entered_answer(form: QueryDict, kind: str) -> Answer:
    """What the form's toggles or text say, not yet checked."""
    if kind == MULTI_LABEL:
        return {"labels": form.getlist("labels")}
    return {"label": form.get("labels", "")} if kind == SINGLE_LABEL else {"text": form.get("text", "")}


def seconds_since_shown(form: QueryDict) -> float | None:
    """How long the expert looked; None where the form does not say, an hour at most."""
    try:
        seconds = timezone.now().timestamp() - float(form.get("shown", ""))
    except ValueError:
        return None
    return round(min(max(seconds, 0.0), 3600.0), 1) if math.isfinite(seconds) else None


def held_until(form: QueryDict) -> datetime | None:
    """The lease that the form was made under."""
    try:
        return parse_datetime(form.get("lease", ""))
    except ValueError:
        return None


def progress(request: HttpRequest, project: Project) -> dict[str, int]:
    """What this person did today, and what is left (counted to a cap)."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    done = Review.objects.filter(
        reviewer_id=request.user.pk, created_at__gte=midnight, sample__project=project, undone_by=None
    ).exclude(action__in=[Review.Action.UNDO, Review.Action.SKIP])
    return {"done": done.count(), "left": capped_count(Sample.objects.pending().filter(project=project))}
