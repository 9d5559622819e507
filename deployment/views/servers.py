"""The model catalogue: servers, what stands on each, and what an administrator does there."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployment.forms import UseForm
from deployment.models import InferenceServer, ModelPull
from deployment.services import catalogue
from deployment.services.borrowing import projects_served_by, use_in_project
from labeling.models import User
from labeling.views.base import person, problems_as_messages

_VERBS: dict[str, tuple[Callable[[User, InferenceServer, str], object], str]] = {
    "load": (catalogue.load, "{} is loaded."),
    "unload": (catalogue.unload, "{} is out of memory."),
    "delete": (catalogue.delete, "{} is deleted."),
    "pull": (catalogue.pull, "{} is being pulled."),
}
SHOWN_PULLS = 5
_allowed = permission_required(catalogue.PERMISSION, raise_exception=True)


@login_required
@_allowed
@never_cache
@require_safe
def servers(request: HttpRequest) -> HttpResponse:
    """All servers with what they hold."""
    found = [catalogue.look(person(request), server) for server in InferenceServer.objects.all()]
    return render(request, "deployment/servers.html", {"catalogues": found})


@login_required
@_allowed
@never_cache
@require_safe
def server(request: HttpRequest, name: str) -> HttpResponse:
    """One server's models; HTMX asks for the pulls alone while any is under way, then takes the new list of models."""
    row = get_object_or_404(InferenceServer, name=name)
    pulls = list(catalogue.pulls(person(request), row)[:SHOWN_PULLS])
    under_way = any(pull.state in (ModelPull.State.QUEUED, ModelPull.State.PULLING) for pull in pulls)
    context = {"server": row, "pulls": pulls, "under_way": under_way}
    # Anything else that HTMX asks for, a deletion's answer above all, is the whole page.
    polls = request.htmx.target == "pulls"  # type: ignore[attr-defined]  # set by django-htmx
    if polls and under_way:
        return render(request, "deployment/partials/pulls.html", context)
    context["catalogue"] = catalogue.look(person(request), row)
    return render(request, "deployment/server.html", context)


@login_required
@require_POST
def act(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Load, unload, delete or pull one model."""
    row = get_object_or_404(InferenceServer, name=name)
    if verb not in _VERBS:
        raise Http404
    do, said = _VERBS[verb]
    model = request.POST.get("model", "")
    with problems_as_messages(request):
        do(person(request), row, model)
        messages.success(request, said.format(model))
    return redirect("deployment:server", row.name)


@login_required
@_allowed
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def use(request: HttpRequest, name: str) -> HttpResponse:
    """Make a model of the catalogue a version of a project."""
    row, model = get_object_or_404(InferenceServer, name=name), request.GET.get("model", "")
    projects = projects_served_by(person(request), row)
    form = UseForm(request.POST or None, projects=projects)
    if form.is_valid():
        asked = form.cleaned_data
        with problems_as_messages(request):
            made = use_in_project(person(request), row, model, asked["project"], asked["note"])
            messages.success(request, f"{made} is {model}. It is staged and benchmarked by itself.")
            return redirect("deployment:version", made.project.key, made.number)
    context = {"server": row, "model": model, "form": form, "projects": projects}
    return render(request, "deployment/use.html", context, status=400 if request.method == "POST" else 200)


@login_required
@require_POST
def cancel(request: HttpRequest, name: str, uid: UUID) -> HttpResponse:
    """End a pull."""
    pull = get_object_or_404(ModelPull, uid=uid, server__name=name)
    with problems_as_messages(request):
        catalogue.cancel_pull(person(request), pull)
        messages.success(request, f"The pull of {pull.name} ends.")
    return redirect("deployment:server", name)
