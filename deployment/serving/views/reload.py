"""Looking again at what is served."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from deployment.serving.reload import reload_serving
from labeling.access import Right, project_for
from labeling.views.base import actor, person, problems_as_messages


@login_required
@require_POST
def reload(request: HttpRequest, key: str) -> HttpResponse:
    """Load the live version again where it should stand, and queue what is due."""
    project = project_for(person(request), key, Right.OPERATE)
    with problems_as_messages(request):
        found = reload_serving(actor(request), project)
        messages.success(request, f"Looked again: live is {found['live'] or 'nothing'}, newest {found['newest']}.")
    return redirect("deployment:deployments", project.key)
