"""The review page: one sample at a time, swapped in by HTMX; without JavaScript the same forms reload the page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from labeling import services
from labeling.access import Right, in_project, project_for
from labeling.kinds import Answer, AnswerError, canonical
from labeling.models import Kind, Prediction, Project, Review, Sample, User
from labeling.problems import ConflictError, ProblemError
from labeling.querysets import COUNT_CAP
from labeling.services.fitting import carried
from labeling.services.reviews import ProposalSeenError
from labeling.views.base import page_context, person
from labeling.views.review_card import (
    Card,
    entered_answer,
    held_until,
    label_names,
    make_card,
    progress,
    proposed_to,
    seconds_since_shown,
)


class NothingChosenError(ProblemError):
    """Nobody, expert or model, has chosen anything yet."""


SAID = {"confirm": "confirmed", "correct": "corrected", "reject": "rejected", "skip": "skipped", "undo": "undone"}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, key: str) -> HttpResponse:
    """Show the next sample of this expert; a POST decides the one on the page first."""
    project = project_for(person(request), key, Right.REVIEW)
    if request.method != "POST":
        asked = request.GET.get("proposal")
        return _proposal_of(request, project, asked) if asked else _show(request, project)
    sample: Sample | None = None
    try:
        if request.POST.get("action") == "undo":
            return _done(request, project, services.undo(person(request), project))
        sample = _sample(project, request.POST.get("sample", ""))
        return _done(request, project, _decide(request, project, sample))
    except ProblemError as error:
        return _refused(request, project, sample, error)


def _proposal_of(request: HttpRequest, project: Project, uid: str) -> HttpResponse:
    """What a card without a proposal asks every few seconds; 204 leaves it as it is."""
    try:
        prediction = proposed_to(_sample(project, uid))
    except ConflictError:
        prediction = None
    if prediction is None:
        return HttpResponse(status=204)
    context = {"project": project, "prediction": prediction}
    return render(request, "labeling/partials/proposal_arrived.html", context)


def _sample(project: Project, uid: str) -> Sample:
    try:
        sample: Sample = in_project(Sample.objects.select_related("project"), project).get(uid=UUID(uid))
    except (ValueError, Sample.DoesNotExist) as error:
        raise ConflictError("This sample is no longer there.") from error
    return sample


def _decide(request: HttpRequest, project: Project, sample: Sample) -> Review:
    form, user = request.POST, person(request)
    prediction = (
        Prediction.objects.select_related("spec").filter(uid=form["prediction"]).first()
        if form.get("prediction")
        else None
    )
    details: dict[str, Any] = {
        "prediction": prediction,
        "seconds": seconds_since_shown(form),
        "comment": form.get("comment", "").strip(),
        "held_until": held_until(form),
    }
    match form.get("action"):
        case "skip":
            return services.skip(user, sample, **details)
        case "reject":
            return services.reject(user, sample, **details)
        case "save":
            return _save(user, project, sample, form, details)
    raise ProblemError("Nothing was done: choose Confirm, Skip or Reject.")


def _save(user: User, project: Project, sample: Sample, form: QueryDict, details: dict[str, Any]) -> Review:
    prediction = details["prediction"]
    answer = _checked(project, entered_answer(form, project.kind))
    proposal = carried(prediction.spec, prediction.answer, project.spec.to_spec()) if prediction else None
    unread = proposal is None
    if unread and answer == {"labels": []} and "none_ok" not in form:
        # Enter pressed once too often must not approve an empty answer.
        raise NothingChosenError("No label is chosen. Choose one, or save once more if none of them fits.")
    if proposal == answer:
        return services.confirm(user, sample, **details)
    return services.correct(user, sample, answer=answer, **details)


def _checked(project: Project, answer: Any) -> Answer:
    if answer == {"label": ""}:
        raise ProblemError("Choose one label first.")
    try:
        return canonical(project.spec.to_spec(), answer)
    except AnswerError as error:
        raise ProblemError(str(error)) from error


def _done(request: HttpRequest, project: Project, review: Review | None) -> HttpResponse:
    saved = "There is nothing to undo." if review is None else _saved_line(review)
    if not _swaps(request):
        messages.success(request, saved)
        return redirect("labeling:review", project.key)
    return _show(request, project, saved=saved)


def _saved_line(review: Review) -> str:
    at = timezone.localtime(review.created_at).strftime("%H:%M:%S")
    answer = readable(review.answer) if review.answer is not None else ""
    return f"Saved {at}: {SAID[review.action]}{f', {answer}' if answer else ''}"


def readable(answer: Answer) -> str:
    """An answer in one short line."""
    if "text" in answer:
        return str(answer["text"])[:80]
    return ", ".join(label_names(answer)) or "no label"


def _refused(request: HttpRequest, project: Project, sample: Sample | None, error: ProblemError) -> HttpResponse:
    """Say why nothing was saved. What was entered stays in the form, or is shown where the sample is gone."""
    context: dict[str, Any] = {"problem": str(error), "none_ok": isinstance(error, NothingChosenError)}
    card = None
    if sample is not None:
        entered = entered_answer(request.POST, project.kind)
        try:
            sample = services.take(person(request), sample)
            comment = request.POST.get("comment", "")
            # What was chosen beside a proposal must not come back as one's own view.
            seen = isinstance(error, ProposalSeenError)
            card = make_card(project, sample, None if seen else _known_part(project, entered), comment)
        except ConflictError:
            if request.POST.get("action") == "save":
                context["not_saved"] = readable(entered)
    return _show(request, project, card, status=error.problem_status, **context)


def _show(
    request: HttpRequest, project: Project, card: Card | None = None, *, status: int = 200, **context: Any
) -> HttpResponse:
    """The page, or the part of it that HTMX swaps in, with `card` or the next one of this expert."""
    if card is None:
        sample = services.next_sample(person(request), project)
        card = make_card(project, sample) if sample else None
    if card is None:
        context["ever"] = project.samples.exists()
    context |= {"card": card, "cap": COUNT_CAP, "progress": progress(request, project)}
    template = "labeling/partials/review_card.html" if _swaps(request) else "labeling/review.html"
    return render(request, template, page_context(request, project, "review", **context), status=status)


def _swaps(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]  # set by django-htmx


def _known_part(project: Project, entered: Answer) -> Answer | None:
    """What was entered, as far as the form can show it: labels that the project knows, or the text as it is."""
    if project.kind == Kind.TEXT:
        return entered
    names = set(project.spec.to_spec().label_names)
    if project.kind == Kind.SINGLE_LABEL:
        return entered if entered["label"] in names else None
    return {"labels": [name for name in entered["labels"] if name in names]}
