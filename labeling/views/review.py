"""The review page: one sample at a time, swapped in by HTMX; without JavaScript the same forms reload the page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseStopPolling, reswap

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling import panels, services
from labeling.access import Right, in_project, project_for
from labeling.forms import ReviewForm
from labeling.kinds import kind_of
from labeling.models import Prediction, Project, Review, Sample, SampleState
from labeling.querysets import COUNT_CAP
from labeling.review_keys import COMMANDS, keys_of
from labeling.services.reviews import ProposalSeenError
from labeling.views.base import actor, page_context, part_of_page, person, polls
from labeling.views.review_card import Card, make_card, progress, proposed_to


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, key: str) -> HttpResponse:
    """Show the next sample of this expert; a POST decides the one on the page first."""
    project = project_for(person(request), key, Right.REVIEW)
    if request.method != "POST":
        asked = request.GET.get("proposal")
        if asked:
            return _proposal_of(request, project, asked)
        return _show(request, project, taken=request.GET.get("take", ""))
    form, sample = ReviewForm(request.POST, project=project), None
    try:
        if form.asked == "undo":
            return _done(request, project, services.undo(actor(request), project))
        sample = _sample(project, form.cleaned_data.get("sample"))
        return _done(request, project, _decide(actor(request), sample, form))
    except ProblemError as error:
        sent_twice = isinstance(error, ConflictError) and sample is not None and form.asked == "save"
        before = services.decided_so(actor(request), sample, form.entered) if sent_twice and sample else None
        if before is not None:
            return _done(request, project, before)
        return _refused(request, project, sample, form, error)


def _proposal_of(request: HttpRequest, project: Project, uid: str) -> HttpResponse:
    """What a card without a proposal asks every few seconds; 204 leaves it as it is, 286 ends the asking too."""
    try:
        sample = _sample(project, UUID(uid))
    except (ValueError, ConflictError):
        return HttpResponse(status=204)
    prediction = proposed_to(sample)
    if prediction is None and sample.state == SampleState.PENDING:
        return HttpResponse(status=204)
    if prediction is None:
        return reswap(HttpResponseStopPolling(), "none")
    context = {"project": project, "prediction": prediction}
    return render(request, "labeling/partials/proposal_arrived.html", context)


def _sample(project: Project, uid: UUID | None) -> Sample:
    sample: Sample | None = in_project(Sample.objects.select_related("project"), project).filter(uid=uid).first()
    if sample is None:
        raise ConflictError("This sample is no longer there.")
    return sample


def _decide(who: Actor, sample: Sample, form: ReviewForm) -> Review:
    form.require_valid()
    said = form.cleaned_data
    shown = Prediction.objects.select_related("spec").filter(uid=said["prediction"]) if said["prediction"] else None
    details: dict[str, Any] = {
        "prediction": shown.first() if shown else None,
        "seconds": form.seconds,
        "comment": said["comment"],
        "held_until": said["lease"],
    }
    match form.asked:
        case "skip":
            return services.skip(who, sample, **details | form.why_skipped)
        case "reject":
            return services.reject(who, sample, **details)
        case "save":
            return services.decide(who, sample, form.entered, none_ok=said["none_ok"], **details)
    raise ProblemError("Nothing was done: choose Confirm, Skip or Reject.")


def _done(request: HttpRequest, project: Project, review: Review | None) -> HttpResponse:
    saved = "There is nothing to undo." if review is None else _saved_line(project, review)
    if not polls(request):
        messages.success(request, saved)
        return redirect("labeling:review", project.key)
    return _show(request, project, saved=saved, compared=_to_compare(review))


def _saved_line(project: Project, review: Review) -> str:
    at = timezone.localtime(review.created_at).strftime("%H:%M:%S")
    answer = kind_of(project).line(review.answer) if review.answer is not None else ""
    return f"Saved {at}: {review.done}{f', {answer}' if answer else ''}"


def _to_compare(review: Review | None) -> Review | None:
    """The review, where it was a blind answer to a text that a model has answered, too."""
    return review if review is not None and services.what_a_model_says(review) else None


def _refused(
    request: HttpRequest, project: Project, sample: Sample | None, form: ReviewForm, error: ProblemError
) -> HttpResponse:
    """Say why nothing was saved. What was entered stays in the form, or is shown where the sample is gone."""
    context: dict[str, Any] = {"problem": str(error), "none_ok": isinstance(error, services.NothingChosenError)}
    card = None
    if sample is not None:
        kind, entered = kind_of(project), form.entered
        try:
            sample = services.take(actor(request), sample)
            # What was chosen beside a proposal must not come back as one's own view.
            seen = isinstance(error, ProposalSeenError)
            again = None if seen else kind.shown_again(project.spec.to_spec(), entered)
            card = make_card(project, sample, again, form.said)
        except ConflictError:
            context["conflict"] = sample.uid
            if form.asked == "save":
                context["not_saved"] = kind.line(entered)
    return _show(request, project, card, status=error.problem_status, **context)


def _show(
    request: HttpRequest,
    project: Project,
    card: Card | None = None,
    *,
    status: int = 200,
    taken: str = "",
    **context: Any,
) -> HttpResponse:
    """The page, or the part of it that HTMX swaps in, with `card` or the next one of this expert.

    `taken` is the sample whose proposal is to be filled in, however unsure it is.
    """
    if card is None:
        sample = services.next_sample(actor(request), project)
        card = make_card(project, sample, taken=taken == str(sample.uid)) if sample else None
    if card is None:
        context["ever"] = project.samples.exists()
    proposed = card.prediction if card and not card.is_blind else None
    context["why"] = panels.render("proposal", request, proposed) if proposed else []
    context |= {"card": card, "cap": COUNT_CAP, "progress": progress(request, project)}
    if not polls(request):
        context |= {"keys": keys_of(person(request).review_keys), "commands": COMMANDS, "reasons": Review.SkipReason}
    template = "labeling/partials/review_card.html" if polls(request) else "labeling/review.html"
    return part_of_page(render(request, template, page_context(request, project, "review", **context), status=status))
