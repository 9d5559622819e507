"""The tokens of a project, for its managers: what programs may here, and until when."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.forms import ProjectTokenForm
from labeling.models import Project
from labeling.views import shown_once
from labeling.views.base import actor, page_context, person, problems_as_messages

_SECRET = "token"  # noqa: S105  the name of what is shown, no secret


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest, key: str) -> HttpResponse:
    """The tokens that work here; a POST makes one, whose secret the next page shows, once."""
    project = project_for(person(request), key, Right.MANAGE)
    form = ProjectTokenForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            token, secret = services.create_project_token(actor(request), project, **form.cleaned_data)
            shown_once.keep(request, _SECRET, secret)
            messages.success(request, f"{token.name} is made. Keep its secret now.")
            return redirect("labeling:tokens", key)
        except (ProblemError, PermissionDenied) as problem:
            form.add_error(None, str(problem))
    return _page(request, project, form)


def _page(request: HttpRequest, project: Project, form: ProjectTokenForm) -> HttpResponse:
    context = page_context(
        request,
        project,
        "tokens",
        form=form,
        tokens=services.tokens_in(project),
        now=timezone.now(),
        secret="" if form.is_bound else shown_once.take(request, _SECRET),
    )
    return render(request, "labeling/tokens.html", context, status=400 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def take_out(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Ask; a POST has the token do nothing more in this project."""
    project = project_for(person(request), key, Right.MANAGE)
    token = get_object_or_404(services.tokens_in(project), uid=uid)
    if request.method != "POST":
        others = token.projects.count() - 1
        context = page_context(request, project, "tokens", token=token, others=others)
        return render(request, "labeling/take_out_token.html", context)
    with problems_as_messages(request):
        services.take_out_token(actor(request), project, token)
        messages.success(request, f"{token.name} is refused here from now on.")
    return redirect("labeling:tokens", key)
