"""Analyze: type a text, see the live version's answer, confirm or correct it on the spot."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.problems import ConflictError, ProblemError
from deployment.live import live_deployment
from deployment.serving.forms import AnalyzeForm, ShownForm
from deployment.serving.predict import predict
from labeling import panels
from labeling import services as labeling
from labeling.access import Right, in_project, project_for
from labeling.forms import CardForm
from labeling.kinds import Answer, kind_of
from labeling.models import Prediction, Project, Sample, SampleState
from labeling.services.fitting import carried
from labeling.views.base import actor, page_context, part_of_page, person
from labeling.views.review_card import Card


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def analyze(request: HttpRequest, key: str) -> HttpResponse:
    """The page; a POST asks, or saves the answer on the page, and leads to the prediction's own address."""
    project = project_for(person(request), key, Right.PREDICT)
    card = CardForm(request.POST, project=project)
    if request.method == "POST" and card.asked == "save":
        project = project_for(person(request), key, Right.REVIEW)
        return _save(request, project, card)
    form = AnalyzeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            typed = kind_of(project).input.of_text(form.cleaned_data["text"])
            return _to(project, predict(actor(request), project, typed, source=Prediction.Source.ANALYZE))
        except ProblemError as problem:
            return _page(request, project, form, None, status=problem.problem_status, problem=str(problem))
    shown = _prediction(project, ShownForm(request.GET).uid)
    if shown and shown.sample and not form.is_bound:
        form = AnalyzeForm(initial={"text": shown.sample.text if shown.sample.input is None else ""})
    return _page(request, project, form, shown, saved="saved" in request.GET, status=400 if form.errors else 200)


def _save(request: HttpRequest, project: Project, card: CardForm) -> HttpResponse:
    """The answer on the page becomes the golden answer, or the page says why not, with what was entered."""
    prediction = _prediction(project, card.cleaned_data.get("prediction"))
    try:
        card.require_valid()
        if prediction is None or prediction.sample is None:
            raise ConflictError("This prediction is no longer there. Ask again.")
        labeling.decide(
            actor(request),
            prediction.sample,
            card.entered,
            prediction=prediction,
            none_ok=card.cleaned_data["none_ok"],
            seconds=card.seconds,
        )
    except ProblemError as problem:
        context = {"problem": str(problem), "none_ok": isinstance(problem, labeling.NothingChosenError)}
        status = problem.problem_status
        return _page(request, project, AnalyzeForm(), prediction, card.entered, status=status, **context)
    return _to(project, prediction, "&saved")


def _to(project: Project, prediction: Prediction, extra: str = "") -> HttpResponse:
    return redirect(f"{reverse('deployment:analyze', args=[project.key])}?prediction={prediction.uid}{extra}")


def _prediction(project: Project, uid: UUID | None) -> Prediction | None:
    if uid is None:
        return None
    found = in_project(Prediction.objects.select_related("sample", "spec").filter(uid=uid), project).first()
    return None if found and found.is_withheld else found


def _page(
    request: HttpRequest,
    project: Project,
    form: AnalyzeForm,
    shown: Prediction | None,
    entered: Any = None,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    card = _card(project, shown, entered) if shown and shown.sample else None
    context |= {
        "form": form,
        "live": live_deployment(project),
        "prediction": shown,
        "card": card,
        "why": panels.render("proposal", request, shown) if card else [],
        "golden": _golden(project, shown.sample) if shown and shown.sample else None,
        "open": bool(shown and shown.sample and _may_save(shown.sample)),
    }
    context = page_context(request, project, "analyze", **context)
    return part_of_page(render(request, "deployment/serving/analyze.html", context, status=status))


def _golden(project: Project, sample: Sample) -> Answer | None:
    """The approved answer in today's words; None where there is none that fits."""
    golden = sample.golden_samples.current().select_related("spec").first()
    return carried(golden.spec, golden.answer, project.spec.to_spec()) if golden else None


def _may_save(sample: Sample) -> bool:
    return sample.state == SampleState.PENDING and not sample.is_answered_blind


def _card(project: Project, prediction: Prediction, entered: Any) -> Card | None:
    """The answer as toggles of today's task; what was entered and refused is filled in again."""
    if prediction.sample is None:
        return None
    spec = project.spec.to_spec()
    # None also where it answers an older spec, with labels that are gone.
    proposal = carried(prediction.spec, prediction.answer, spec)
    again = None if entered is None else kind_of(project).shown_again(spec, entered)
    return Card(prediction.sample, spec, prediction, proposal, again)
