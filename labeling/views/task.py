"""The task of a project, for its managers: what is asked, what the model sees, and what follows from a change."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.models import Project
from labeling.task_form import TaskForm
from labeling.views.base import actor, page_context, person, polls

_PREVIEW = "preview"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest, key: str) -> HttpResponse:
    """The form; with `preview` what follows from it so far, and nothing is saved."""
    project = project_for(person(request), key, Right.MANAGE)
    form = TaskForm(project, request.POST if request.method == "POST" else None)
    if _PREVIEW in request.POST:
        if polls(request):
            return render(request, "labeling/partials/task_preview.html", {"preview": form.preview()})
        return _page(request, project, form, 200)
    if not form.is_bound:
        return _page(request, project, form, 200)
    if not form.is_valid():
        return _page(request, project, form, 400)
    try:
        return _saved(request, project, form)
    except services.ChangedMeanwhileError as problem:
        form.fresh(problem.now)
        form.add_error(None, str(problem))
        return _page(request, project, form, problem.problem_status)
    except (ProblemError, PermissionDenied) as problem:
        if isinstance(problem, services.AnswersLostError):
            form.offer_leave_out()
        form.add_error(None, str(problem))
        return _page(request, project, form, getattr(problem, "problem_status", 403))


def _saved(request: HttpRequest, project: Project, form: TaskForm) -> HttpResponse:
    premise, leave_out = form.cleaned_data["premise"], form.cleaned_data["leave_out"]
    before = project.specs.count()
    with services.unless_changed(project, premise, lambda: TaskForm.current(project)):
        changes = form.changes
        if changes:
            services.update_project(actor(request), project, leave_out=leave_out, **changes)
    if not changes:
        messages.info(request, "Nothing was changed.")
    elif project.specs.count() == before:
        messages.success(request, "Saved. What is asked is the same as before.")
    else:
        messages.success(request, f"Saved: task {project.spec.number}. The next training asks it.")
    return redirect("labeling:task", project.key)


def _page(request: HttpRequest, project: Project, form: TaskForm, status: int) -> HttpResponse:
    context = page_context(request, project, "task", form=form, preview=form.preview())
    return render(request, "labeling/task.html", context, status=status)
