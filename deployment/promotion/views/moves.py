"""The confirmation pages of a promotion and a rollback."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.problems import ProblemError
from deployment import queries
from deployment.promotion.confirmation import Move, confirm, promotion_of, rollback_to
from labeling.access import Right, project_for
from labeling.models import Project
from labeling.views.base import actor, page_context, person


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def promote(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Confirm a promotion."""
    project = project_for(person(request), key, Right.OPERATE)
    version = get_object_or_404(queries.version_rows(project), number=number)
    return _confirm(request, project, lambda: promotion_of(version))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rollback(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Confirm a rollback to a version that was live before."""
    project = project_for(person(request), key, Right.OPERATE)
    version = get_object_or_404(queries.version_rows(project), number=number)
    return _confirm(request, project, lambda: rollback_to(version))


def _confirm(request: HttpRequest, project: Project, make: Callable[[], Move]) -> HttpResponse:
    try:
        found = confirm(request, actor(request), make)
    except (ProblemError, PermissionDenied) as error:
        messages.error(request, str(error))
        return redirect("deployment:deployments", project.key)
    if found.done:
        messages.success(request, found.move.said(found.done))
        return redirect("deployment:deployments", project.key)
    shown = {"move": found.move, "plan": found.move.plan, "form": found.form, "problem": found.problem}
    context = page_context(request, project, "deployments", **shown)
    return render(request, "deployment/promotion/move.html", context, status=found.status)
