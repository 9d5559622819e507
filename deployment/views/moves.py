"""The confirmation pages of a promotion and a rollback, edits of Modelfiles, and looking again at what is served."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from deployment import querysets
from deployment.edits import Editing
from deployment.moves import Move, promotion_of, rollback_to
from deployment.services import reload_serving
from labeling.access import Right, project_for
from labeling.models import Project
from labeling.problems import ProblemError
from labeling.views.base import page_context, person, problems_as_messages


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def promote(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Confirm a promotion."""
    project = project_for(person(request), key, Right.OPERATE)
    version = get_object_or_404(querysets.version_rows(project), number=number)
    return _confirm(request, project, promotion_of(version))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rollback(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Confirm a rollback to a version that was live before."""
    project = project_for(person(request), key, Right.OPERATE)
    version = get_object_or_404(querysets.version_rows(project), number=number)
    return _confirm(request, project, rollback_to(version))


def _confirm(request: HttpRequest, project: Project, move: Move) -> HttpResponse:
    form = move.form(request)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, move.said(move.carry_out(person(request), form)))
        except (ProblemError, PermissionDenied) as error:
            messages.error(request, str(error))
        return redirect("deployment:deployments", project.key)
    context = page_context(request, project, "deployments", move=move, plan=move.plan, form=form)
    return render(request, "deployment/move.html", context, status=400 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Edit a version's Modelfile as a new version."""
    project = project_for(person(request), key, Right.OPERATE)
    version = get_object_or_404(querysets.version_rows(project), number=number)
    editing = Editing(version)
    try:
        form = editing.form(request)
    except ProblemError as error:
        messages.error(request, str(error))
        return redirect("deployment:version", key, number)
    if request.method == "POST" and (made := editing.carry_out(person(request), form)):
        messages.success(request, editing.said(made))
        return redirect("deployment:version", key, made.number)
    context = page_context(request, project, "deployments", editing=editing, version=version, form=form)
    return render(request, "deployment/edit.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def reload(request: HttpRequest, key: str) -> HttpResponse:
    """Load the live version again where it should stand, and queue what is due."""
    project = project_for(person(request), key, Right.OPERATE)
    with problems_as_messages(request):
        found = reload_serving(person(request), project)
        messages.success(request, f"Looked again: live is {found['live'] or 'nothing'}, newest {found['newest']}.")
    return redirect("deployment:deployments", project.key)
