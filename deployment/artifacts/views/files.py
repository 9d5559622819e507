"""Buttons of a version's page about its files: keep them, leave them to the policy, build them again."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from common.actor import Actor
from common.problems import ProblemError
from deployment import queries
from deployment.artifacts.forms import PinForm
from deployment.artifacts.rebuilding import rebuild
from deployment.artifacts.retention import pin, unpin
from labeling.access import Right, project_for
from labeling.views.base import actor, person, problems_as_messages
from training.models import ModelVersion


@login_required
@require_POST
def pin_version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Keep the version's files, with a reason."""
    return _done(request, key, number, lambda who, version: pin(who, version, _reason(request)), "is kept")


@login_required
@require_POST
def unpin_version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Leave the version to the serving policy's retention."""
    return _done(request, key, number, unpin, "is kept no longer than the policy says")


@login_required
@require_POST
def rebuild_version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Build a version again whose files were removed or whose build failed."""
    return _done(request, key, number, rebuild, "is being built again")


def _reason(request: HttpRequest) -> str:
    form = PinForm(request.POST)
    if not form.is_valid():
        raise ProblemError(str(form.errors["reason"][0]))
    return str(form.cleaned_data["reason"])


def _done(
    request: HttpRequest, key: str, number: int, verb: Callable[[Actor, ModelVersion], object], said: str
) -> HttpResponse:
    project = project_for(person(request), key, Right.OPERATE)
    version = get_object_or_404(queries.version_rows(project), number=number)
    with problems_as_messages(request):
        verb(actor(request), version)
        messages.success(request, f"{version} {said}.")
    return redirect("deployment:version", project.key, version.number)
