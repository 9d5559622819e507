"""What somebody has to decide about: a moved alias, a deleted tag, a version that is worse than the one before."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from common.actor import Actor
from deployment.models import Finding
from deployment.monitoring.findings import adopt, dismiss, restore
from labeling.access import Right, project_for
from labeling.views.base import actor, person, problems_as_messages

_VERBS: dict[str, Callable[[Actor, Finding], Finding]] = {"adopt": adopt, "restore": restore, "dismiss": dismiss}


@login_required
@require_POST
def decide(request: HttpRequest, key: str, uid: UUID, verb: str) -> HttpResponse:
    """Adopt, restore or dismiss one finding."""
    project = project_for(person(request), key, Right.OPERATE)
    finding = get_object_or_404(Finding.objects.select_related("project", "server", "version__project"), uid=uid)
    if finding.project_id != project.pk or verb not in _VERBS:
        raise Http404
    with problems_as_messages(request):
        done = _VERBS[verb](actor(request), finding)
        messages.success(request, f"{done.get_kind_display()}: {done.get_state_display().lower()}.")
    return redirect("deployment:deployments", project.key)
