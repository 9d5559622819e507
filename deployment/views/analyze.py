"""Analyze: type a text, see the live version's answer, confirm or correct it on the spot."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from deployment.forms import AnalyzeForm
from deployment.services import live_deployment, predict
from labeling import services as labeling
from labeling.access import Right, in_project, project_for
from labeling.kinds import Answer, AnswerError, canonical
from labeling.models import Prediction, Project, Sample, SampleState, Split
from labeling.problems import ConflictError, ProblemError
from labeling.services.fitting import carried
from labeling.views.base import page_context, person
from labeling.views.review_card import Card, entered_answer, seconds_since_shown


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def analyze(request: HttpRequest, key: str) -> HttpResponse:
    """The page; a POST asks, or saves the answer on the page, and leads to the prediction's own address."""
    saving = request.method == "POST" and request.POST.get("action") == "save"
    project = project_for(person(request), key, Right.REVIEW if saving else Right.PREDICT)
    form = AnalyzeForm(request.POST if request.method == "POST" and not saving else None)
    try:
        if saving:
            return _saved(request, project)
        if form.is_bound and form.is_valid():
            prediction = predict(project, form.cleaned_data["text"], source=Prediction.Source.ANALYZE)
            return _to(project, prediction)
    except ProblemError as problem:
        shown = _prediction(project, request.POST.get("prediction", ""))
        return _page(request, project, form, shown, status=problem.problem_status, problem=str(problem))
    shown = _prediction(project, request.GET.get("prediction", ""))
    if shown and shown.sample and not form.is_bound:
        form = AnalyzeForm(initial={"text": shown.sample.text})
    return _page(request, project, form, shown, saved="saved" in request.GET, status=400 if form.errors else 200)


def _saved(request: HttpRequest, project: Project) -> HttpResponse:
    prediction = _prediction(project, request.POST.get("prediction", ""))
    if prediction is None or prediction.sample is None:
        raise ConflictError("This prediction is no longer there. Ask again.")
    entered = entered_answer(request.POST, project.kind)
    if entered == {"label": ""}:
        raise ProblemError("Choose one label first.")
    try:
        answer = canonical(project.spec.to_spec(), entered)
    except AnswerError as error:
        raise ProblemError(str(error)) from error
    details: dict[str, Any] = {"prediction": prediction, "seconds": seconds_since_shown(request.POST)}
    if carried(prediction.spec, prediction.answer, project.spec.to_spec()) == answer:
        labeling.confirm(person(request), prediction.sample, **details)
    else:
        labeling.correct(person(request), prediction.sample, answer=answer, **details)
    return _to(project, prediction, "&saved")


def _to(project: Project, prediction: Prediction, extra: str = "") -> HttpResponse:
    return redirect(f"{reverse('deployment:analyze', args=[project.key])}?prediction={prediction.uid}{extra}")


def _prediction(project: Project, uid: str) -> Prediction | None:
    try:
        rows = Prediction.objects.select_related("sample", "spec").filter(uid=UUID(uid))
    except ValueError:
        return None
    found = in_project(rows, project).first()
    # What was asked elsewhere must not show a model's answer to those who answer a test text blind.
    if found and found.sample and found.sample.is_blind and found.source != Prediction.Source.ANALYZE:
        return None
    return found


def _page(
    request: HttpRequest,
    project: Project,
    form: AnalyzeForm,
    shown: Prediction | None,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    card = _card(request, project, shown) if shown and shown.sample else None
    context |= {
        "form": form,
        "live": live_deployment(project),
        "prediction": shown,
        "card": card,
        "golden": _golden(project, shown.sample) if shown and shown.sample else None,
        "open": bool(shown and shown.sample and _may_save(shown.sample)),
    }
    return render(
        request, "deployment/analyze.html", page_context(request, project, "analyze", **context), status=status
    )


def _golden(project: Project, sample: Sample) -> Answer | None:
    """The approved answer in today's words; None where there is none that fits."""
    golden = sample.golden_samples.current().select_related("spec").first()
    return carried(golden.spec, golden.answer, project.spec.to_spec()) if golden else None


def _may_save(sample: Sample) -> bool:
    return sample.state == SampleState.PENDING and sample.split != Split.TEST


def _card(request: HttpRequest, project: Project, prediction: Prediction) -> Card | None:
    """The answer as toggles of today's task; what was entered and refused is filled in again."""
    if prediction.sample is None:
        return None
    spec = project.spec.to_spec()
    # None also where it answers an older spec, with labels that are gone.
    proposal = carried(prediction.spec, prediction.answer, spec)
    entered = entered_answer(request.POST, project.kind) if request.method == "POST" else None
    return Card(prediction.sample, spec, prediction, proposal, entered)
