"""The labels of a project, for its managers: a list to paste, names to change, labels to merge or to take away."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from common.problems import ProblemError
from common.text import storable
from labeling import services
from labeling.access import Right, project_for
from labeling.forms import LabelForm, LabelListForm, MergeForm, RemoveLabelForm
from labeling.kinds import MAX_LABELS, kind_of
from labeling.models import Colour, Project
from labeling.services.fitting import answers_left_out, label_usage, samples_left_out
from labeling.services.labels import labels_as_text
from labeling.services.settings import premise_of
from labeling.views.base import actor, page_context, person, problems_as_messages

PAGE = 100
SHOWN_SAMPLES = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def labels(request: HttpRequest, key: str) -> HttpResponse:
    """All labels with how often approved answers use them; a POST gives the project the labels of the list."""
    project = project_for(person(request), key, Right.MANAGE)
    if not kind_of(project).has_labels:
        messages.info(request, "The answers of this project are not made of labels: it has none.")
        return redirect("labeling:project", key)
    form = LabelListForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _replace(request, project, form)
        except services.ChangedMeanwhileError as problem:
            return _page(request, project, _overtaken(project, form), status=problem.problem_status)
        except ProblemError as problem:
            form.add_error("labels", str(problem))
            form.offer_leave_out(isinstance(problem, services.AnswersLostError))
            return _page(request, project, form, status=problem.problem_status)
        messages.success(request, f"Saved: the task has {project.labels.count()} labels now.")
        return redirect("labeling:labels", key)
    if not form.is_bound:
        now = _now(project)
        form = LabelListForm(initial=now | {"premise": premise_of(now)})
    return _page(request, project, form, status=400 if form.errors else 200)


def _now(project: Project) -> dict[str, str]:
    return {"labels": labels_as_text(project.labels.all())}


def _replace(request: HttpRequest, project: Project, form: LabelListForm) -> None:
    said = form.cleaned_data
    premise = said["premise"] or premise_of(_now(project))
    with services.unless_changed(project, premise, lambda: _now(project)):
        services.replace_labels(actor(request), project, said["labels"], leave_out=said["leave_out"])


def _overtaken(project: Project, form: LabelListForm) -> LabelListForm:
    """The list as it was typed, on top of what somebody else has made of the labels meanwhile."""
    now, typed = _now(project), {label.name for label in form.cleaned_data["labels"]}
    again = LabelListForm({"labels": form.data["labels"], "premise": premise_of(now)})
    missing = [label.name for label in project.labels.all() if label.name not in typed]
    said = "Somebody else has changed the labels since you opened the list. "
    if missing:
        said += (
            f"Not in yours are {', '.join(missing[:SHOWN_SAMPLES])}{' and more' if missing[SHOWN_SAMPLES:] else ''}. "
        )
    again.add_error("labels", f"{said}Look at them beside, and save again to have yours.")
    return again


@login_required
@require_POST
def change(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Rename or describe one label."""
    project = project_for(person(request), key, Right.MANAGE)
    label = get_object_or_404(project.labels, uid=uid)
    form, before = LabelForm(request.POST), label.name
    if not form.is_valid():
        messages.error(request, f"{before!r} was not changed: {_first_error(form)}")
        return redirect("labeling:labels", key)
    with problems_as_messages(request):
        label = services.change_label(actor(request), label, **form.cleaned_data)
        renamed = f"{before!r} is called {label.name!r} now; its answers go with it."
        messages.success(request, renamed if label.name != before else f"{label.name!r} is saved.")
    return redirect("labeling:labels", key)


@login_required
@require_POST
def merge(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Make one label a part of another."""
    project = project_for(person(request), key, Right.MANAGE)
    label, form = get_object_or_404(project.labels, uid=uid), MergeForm(request.POST)
    into = project.labels.filter(name=form.cleaned_data["into"]).first() if form.is_valid() else None
    if into is None:
        messages.error(request, f"Type the exact name of the label that {label.name!r} is to become a part of.")
        return redirect("labeling:labels", key)
    with problems_as_messages(request):
        services.merge_label(actor(request), label, into)
        messages.success(request, f"{label.name!r} is {into.name!r} now, in all answers.")
    return redirect("labeling:labels", key)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Ask, and take one label away; the page says how many approved answers use it."""
    project = project_for(person(request), key, Right.MANAGE)
    label = get_object_or_404(project.labels, uid=uid)
    used = label_usage(project)[label.name]
    form = RemoveLabelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with problems_as_messages(request):
            services.remove_label(actor(request), label, leave_out=form.cleaned_data["leave_out"])
            messages.success(request, f"{label.name!r} is no label any more.")
            return redirect("labeling:labels", key)
    context = page_context(request, project, "labels", label=label, used=used, form=form)
    return render(request, "labeling/remove_label.html", context)


def _first_error(form: LabelForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def _page(request: HttpRequest, project: Project, form: LabelListForm, *, status: int = 200) -> HttpResponse:
    words = storable(request.GET.get("q", "")).strip()
    rows = project.labels.filter(name__icontains=words) if words else project.labels.all()
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    usage = label_usage(project)
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "rows": [(label, usage[label.name]) for label in page],
        "words": words,
        "colours": Colour.choices,
        "names": project.labels.values_list("name", flat=True),
        "total": project.labels.count(),
        "most": MAX_LABELS,
        "left_out": dict(answers_left_out(project)),
        "samples": samples_left_out(project)[:SHOWN_SAMPLES],
    }
    return render(request, "labeling/labels.html", page_context(request, project, "labels", **context), status=status)
