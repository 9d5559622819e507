"""My reviews: what I decided, what I changed of the proposals, and the way back to each of them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from labeling.access import Right, project_for
from labeling.forms_desk import MineForm
from labeling.kinds import Answer
from labeling.models import Project, Review, SampleState, User
from labeling.services.fitting import carried
from labeling.views.base import page_context, person
from labeling.views.comments import open_mentions

PAGE = 30
ASKED = 20
Action = Review.Action
_NO_PROPOSAL = Q(prediction=None) | Q(prediction__answer=None)
_WHAT = {
    "confirmed": Q(action=Action.CONFIRM),
    "corrected": Q(action=Action.CORRECT) & ~_NO_PROPOSAL,
    "labelled": Q(action=Action.CORRECT) & _NO_PROPOSAL,
    "skipped": Q(action=Action.SKIP),
    "rejected": Q(action=Action.REJECT),
}


@dataclass(frozen=True)
class Line:
    """One review of mine: what was proposed where I changed it, and whether it is still the last word."""

    review: Review
    proposed: Answer | None
    stands: bool

    @property
    def can_go_back(self) -> bool:
        """It is the last word, and its sample is in use."""
        return self.stands and self.review.sample.state != SampleState.WITHDRAWN

    @property
    def may_compare(self) -> bool:
        """It was given blind and is in force: what a model says may be put beside it."""
        sample, review = self.review.sample, self.review
        is_blind = sample.is_answered_blind and review.answer is not None and review.prediction is None
        return is_blind and self.stands and sample.state == SampleState.GOLDEN


@login_required
@require_safe
def mine(request: HttpRequest, key: str) -> HttpResponse:
    """Newest first; pages by id. The button beside each takes it to review again, with its answer filled in."""
    project = project_for(person(request), key, Right.REVIEW)
    form = MineForm(request.GET)
    rows = _filtered(reviews_of(person(request), project), form)
    before = _before(rows, request.GET.get("before", ""))
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    context = page_context(
        request,
        project,
        "mine",
        form=form,
        lines=[_line(review) for review in found[:PAGE]],
        older=found[PAGE - 1].uid if len(found) > PAGE else None,
        first_page=not before,
        filtered=any(request.GET.get(name) for name in form.fields),
        asked=open_mentions(person(request), project)[:ASKED],
    )
    return render(request, "labeling/mine.html", context)


def reviews_of(user: User, project: Project) -> QuerySet[Review]:
    """A person's decisions in a project, newest first, each with the last word on its sample."""
    last = Review.objects.filter(sample=OuterRef("sample")).order_by("-id").values("pk")[:1]
    rows = Review.objects.filter(reviewer=user, sample__project=project).exclude(action=Action.UNDO)
    rows = rows.select_related("sample", "spec", "prediction__spec").order_by("-id")
    return rows.annotate(last=Subquery(last))


def _filtered(rows: QuerySet[Review], form: MineForm) -> QuerySet[Review]:
    said: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    if what := said.get("what"):
        rows = rows.filter(_WHAT[what])
    if since := said.get("since"):
        rows = rows.filter(created_at__gte=_midnight(since))
    if until := said.get("until"):
        rows = rows.filter(created_at__lt=_midnight(until) + timedelta(days=1))
    return rows


def _midnight(day: date) -> datetime:
    # Days at the ends of the calendar have no midnight everywhere.
    near = min(max(day, date(2000, 1, 1)), date(2199, 12, 31))
    return timezone.make_aware(datetime.combine(near, time()))


def _before(rows: QuerySet[Review], uid: str) -> int | None:
    try:
        return rows.filter(uid=UUID(uid)).values_list("pk", flat=True).first()
    except ValueError:
        return None


def _line(review: Review) -> Line:
    said = review.prediction
    changed = review.action == Action.CORRECT and said is not None
    proposed = carried(said.spec, said.answer, review.spec.to_spec()) if changed and said else None
    return Line(review, proposed, review.pk == review.last)  # type: ignore[attr-defined]  # annotated
