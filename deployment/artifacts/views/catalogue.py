"""A model of the catalogue becomes a version."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from deployment.artifacts.forms import UseForm
from deployment.artifacts.from_catalogue import projects_served_by, use_in_project
from deployment.models import InferenceServer
from deployment.servers.forms import ModelForm
from deployment.servers.views import administrators_only
from labeling.views.base import actor, person, problems_as_messages


@login_required
@administrators_only
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def use(request: HttpRequest, name: str) -> HttpResponse:
    """Make a model of the catalogue a version of a project."""
    row, asked = get_object_or_404(InferenceServer, name=name), ModelForm(request.GET)
    if not asked.is_valid():
        messages.error(request, str(asked.errors["model"][0]))
        return redirect("deployment:server", row.name)
    model = asked.cleaned_data["model"]
    projects = projects_served_by(person(request), row)
    form = UseForm(request.POST or None, projects=projects)
    if form.is_valid():
        said = form.cleaned_data
        with problems_as_messages(request):
            made = use_in_project(actor(request), row, model, said["project"], said["note"])
            messages.success(request, f"{made} is {model}. It is staged and benchmarked by itself.")
            return redirect("deployment:version", made.project.key, made.number)
    context = {"server": row, "model": model, "form": form, "projects": projects}
    return render(request, "deployment/artifacts/use.html", context, status=400 if request.method == "POST" else 200)
