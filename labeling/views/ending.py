"""The end of a project, for its managers: archived and opened again, or deleted where nothing happened in it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from common.problems import ProblemError
from labeling import panels, services
from labeling.access import Right, project_for, projects_for
from labeling.forms import TypedKeyForm
from labeling.models import Project
from labeling.views.base import actor, page_context, person, problems_as_messages


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, key: str) -> HttpResponse:
    """What goes with it; a POST with the project's key archives it."""
    project = project_for(person(request), key, Right.MANAGE)
    form = TypedKeyForm(request.POST if request.method == "POST" else None, key=project.key, auto_id="archive_%s")
    if form.is_bound and form.is_valid():
        with problems_as_messages(request):
            services.archive_project(actor(request), project)
            messages.success(request, f"{project} is archived. Its managers open it again below.")
        return redirect("labeling:home")
    return _page(request, project, archive=form)


@login_required
@require_POST
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """Delete a project in which nothing happened, once its key is typed."""
    project = project_for(person(request), key, Right.MANAGE)
    form = TypedKeyForm(request.POST, key=project.key, auto_id="delete_%s")
    if form.is_valid():
        try:
            services.delete_project(actor(request), project)
            messages.success(request, f"{project} is deleted.")
            return redirect("labeling:home")
        except (ProblemError, PermissionDenied) as problem:
            form.add_error(None, str(problem))
    return _page(request, project, delete=form)


@login_required
@require_POST
def reopen(request: HttpRequest, key: str) -> HttpResponse:
    """Open an archived project again."""
    mine = projects_for(person(request), Right.MANAGE, also_archived=True)
    project: Project = get_object_or_404(mine, key=key)
    with problems_as_messages(request):
        services.reopen_project(actor(request), project)
        messages.success(request, f"{project} is open again.")
    return redirect("labeling:project", key)


def _page(
    request: HttpRequest, project: Project, *, archive: TypedKeyForm | None = None, delete: TypedKeyForm | None = None
) -> HttpResponse:
    setup, history = services.held_by(project)
    context = page_context(
        request,
        project,
        "end",
        archive=archive or TypedKeyForm(key=project.key, auto_id="archive_%s"),
        delete=delete or TypedKeyForm(key=project.key, auto_id="delete_%s"),
        setup=setup,
        history=history,
        panels=panels.render("end", request, project),
    )
    refused = any(form is not None and form.errors for form in (archive, delete))
    return render(request, "labeling/end.html", context, status=400 if refused else 200)
