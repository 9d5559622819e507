"""The model catalogue: servers, what stands on each, and what an administrator does there."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from common.actor import Actor
from deployment.models import InferenceServer, ModelPull
from deployment.servers import catalogue, pulls
from deployment.servers.forms import ModelForm
from labeling.views.base import actor, problems_as_messages

_LATER = "{} takes long to load; a worker goes on with it. Look again in a while."
_VERBS: dict[str, tuple[Callable[[Actor, InferenceServer, str], object], str]] = {
    "load": (catalogue.load, "{} is loaded."),
    "unload": (catalogue.unload, "{} is out of memory."),
    "delete": (catalogue.delete, "{} is deleted."),
    "pull": (pulls.pull, "{} is being pulled."),
}
SHOWN_PULLS = 5
administrators_only = permission_required(catalogue.PERMISSION, raise_exception=True)


@login_required
@administrators_only
@never_cache
@require_safe
def servers(request: HttpRequest) -> HttpResponse:
    """All servers with what they hold."""
    found = catalogue.look_at_all(actor(request), list(InferenceServer.objects.all()))
    return render(request, "deployment/servers/servers.html", {"catalogues": found})


@login_required
@administrators_only
@never_cache
@require_safe
def server(request: HttpRequest, name: str) -> HttpResponse:
    """One server's models; HTMX asks for the pulls alone while any is under way, then takes the new list of models."""
    row = get_object_or_404(InferenceServer, name=name)
    shown = list(pulls.pulls(actor(request), row)[:SHOWN_PULLS])
    under_way = any(pull.state in (ModelPull.State.QUEUED, ModelPull.State.PULLING) for pull in shown)
    context = {"server": row, "pulls": shown, "under_way": under_way}
    # Anything else that HTMX asks for, a deletion's answer above all, is the whole page.
    polls = request.htmx.target == "pulls"  # type: ignore[attr-defined]  # set by django-htmx
    if polls and under_way:
        return render(request, "deployment/servers/partials/pulls.html", context)
    context["catalogue"] = catalogue.look(actor(request), row)
    return render(request, "deployment/servers/server.html", context)


@login_required
@administrators_only
@require_POST
def act(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Load, unload, delete or pull one model."""
    row = get_object_or_404(InferenceServer, name=name)
    if verb not in _VERBS:
        raise Http404
    do, said = _VERBS[verb]
    form = ModelForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["model"][0]))
        return redirect("deployment:server", row.name)
    with problems_as_messages(request):
        model = form.cleaned_data["model"]
        done = do(actor(request), row, model)
        messages.success(request, (_LATER if done is False else said).format(model))
    return redirect("deployment:server", row.name)


@login_required
@administrators_only
@require_POST
def cancel(request: HttpRequest, name: str, uid: UUID) -> HttpResponse:
    """End a pull."""
    pull = get_object_or_404(ModelPull, uid=uid, server__name=name)
    with problems_as_messages(request):
        pulls.cancel_pull(actor(request), pull)
        messages.success(request, f"The pull of {pull.name} ends.")
    return redirect("deployment:server", name)
