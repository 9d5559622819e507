"""The runs of a project: what ran, what waits, what would start by itself; and starting one by hand."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from common.problems import ProblemError
from labeling.access import Right, project_for
from labeling.models import Project
from labeling.views.base import actor, page_context, person, polls, problems_as_messages
from training import queries
from training.forms import BaselineForm, StartRoundForm, StartRunForm
from training.models import UNFINISHED, RetrainPolicy, TrainingRun
from training.services import SameRunError, retrain, start_baseline, start_run

PAGE = 20


@login_required
@never_cache
@require_safe
def runs(request: HttpRequest, key: str) -> HttpResponse:
    """The list; HTMX asks for its changing part while a run waits or works."""
    return _page(request, project_for(person(request), key, Right.VIEW))


def _page(request: HttpRequest, project: Project, form: StartRunForm | None = None, status: int = 200) -> HttpResponse:
    retraining = queries.retraining(project)
    context = page_context(
        request,
        project,
        "runs",
        page=Paginator(queries.run_rows(project), PAGE).get_page(request.GET.get("page")),
        retraining=retraining,
        in_motion=TrainingRun.objects.filter(UNFINISHED, project=project).exists(),
        form=form or StartRunForm(project=project, policy=retraining.policy),
        round_form=StartRoundForm() if len(retraining.methods) > 1 else None,
        baseline=None if queries.has_baseline(project) else BaselineForm(policy=retraining.policy),
    )
    template = "training/partials/runs.html" if polls(request) else "training/runs.html"
    return render(request, template, context, status=status)


@login_required
@require_POST
def baseline(request: HttpRequest, key: str) -> HttpResponse:
    """Make the bare base model the project's version 0."""
    project = project_for(person(request), key, Right.OPERATE)
    form = BaselineForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a base model first.")
        return redirect("training:runs", project.key)
    with problems_as_messages(request):
        version = start_baseline(actor(request), project, form.cleaned_data["base"])
        messages.success(
            request, f"{version} is being built and staged. Promote it on the deployments page to have it propose."
        )
    return redirect("training:runs", project.key)


@login_required
@require_POST
def start_round(request: HttpRequest, key: str) -> HttpResponse:
    """Freeze a snapshot and start all that the policy lists; the first run's page follows. Again must be ticked."""
    project = project_for(person(request), key, Right.OPERATE)
    form = StartRoundForm(request.POST)
    again = form.is_valid() and form.cleaned_data["again"]
    try:
        run = retrain(actor(request), project, trigger=TrainingRun.Trigger.MANUAL, again=again)
    except (ProblemError, PermissionDenied) as error:
        messages.error(request, str(error))
        return redirect("training:runs", project.key)
    return redirect("training:run", project.key, run.uid)


@login_required
@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Freeze a snapshot and queue a run; the new run's page follows. The same run again must be ticked."""
    project = project_for(person(request), key, Right.OPERATE)
    policy = RetrainPolicy.objects.filter(project=project).first()
    form = StartRunForm(request.POST, project=project, policy=policy)
    if not form.is_valid():
        messages.error(request, "Choose a profile first, and a base model or none.")
        return redirect("training:runs", project.key)
    try:
        run = start_run(
            actor(request),
            project,
            trigger=TrainingRun.Trigger.MANUAL,
            profile=form.cleaned_data["profile"],
            base=form.cleaned_data["base"],
            method=form.cleaned_data.get("method"),
            again=form.cleaned_data["again"],
        )
    except SameRunError as error:
        asked = StartRunForm(request.POST, project=project, policy=policy, asks_again=True)
        asked.add_error("again", str(error))
        return _page(request, project, asked, status=409)
    except (ProblemError, PermissionDenied) as error:
        messages.error(request, str(error))
        return redirect("training:runs", project.key)
    return redirect("training:run", project.key, run.uid)
