"""Edits of a version's Modelfile."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.problems import ProblemError
from deployment import queries
from deployment.artifacts.editor import Editing
from labeling.access import Right, project_for
from labeling.views.base import actor, page_context, person


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Edit a version's Modelfile as a new version."""
    project = project_for(person(request), key, Right.OPERATE)
    version = get_object_or_404(queries.version_rows(project), number=number)
    editing = Editing(version)
    try:
        form = editing.form(request)
    except ProblemError as error:
        messages.error(request, str(error))
        return redirect("deployment:version", key, number)
    if request.method == "POST" and (made := editing.carry_out(actor(request), form)):
        messages.success(request, editing.said(made))
        return redirect("deployment:version", key, made.number)
    context = page_context(request, project, "deployments", editing=editing, version=version, form=form)
    return render(request, "deployment/artifacts/edit.html", context, status=400 if form.errors else 200)
