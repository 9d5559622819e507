"""A new project by one page: what is asked, in which labels, of how many test cases."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.access import WHO_MAKES_PROJECTS
from labeling.kinds import KINDS
from labeling.models import Project
from labeling.project_form import NewProjectForm
from labeling.views.base import actor, may_add_projects, person, polls

_PREVIEW, _EXAMPLE = "preview", "example"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_project(request: HttpRequest) -> HttpResponse:
    """The form; with `preview` what follows from it so far, and nothing is made."""
    if not may_add_projects(person(request)):
        raise PermissionDenied(WHO_MAKES_PROJECTS)
    form = NewProjectForm(request.POST if request.method == "POST" else None)
    if _PREVIEW in request.POST:
        if polls(request):
            return render(request, "labeling/partials/project_preview.html", {"preview": form.preview()})
        return _page(request, form)
    if _EXAMPLE in request.POST:
        return _page(request, form.with_example())
    if form.is_valid() and (project := _made(request, form)):
        messages.success(request, f"{project} is made. Bring its texts in next.")
        return redirect("labeling:project", project.key)
    return _page(request, form, status=400 if form.is_bound else 200)


def _made(request: HttpRequest, form: NewProjectForm) -> Project | None:
    """The project; None where it could not be made, which the form says then."""
    try:
        return services.create_project(actor(request), **form.cleaned_data)
    except ConflictError as problem:
        form.add_error("key", str(problem))
    except ProblemError as problem:
        form.add_error(None, str(problem))
    return None


def _page(request: HttpRequest, form: NewProjectForm, *, status: int = 200) -> HttpResponse:
    # The first look shows what the splits are as they stand; nothing is wrong yet.
    filled = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    shown = form if form.is_bound else NewProjectForm(filled)
    context = {"form": form, "kinds": KINDS.values(), "preview": shown.preview()}
    return render(request, "labeling/new_project.html", context, status=status)
