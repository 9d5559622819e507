"""Activity: who did what, when, in one project or, for administrators, over all."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labeling.access import Right, project_for
from labeling.activity import ActivityForm, events_in
from labeling.models import Project
from labeling.verbs import VERBS
from labeling.views.base import page_context, person

PAGE = 50


@login_required
@require_safe
def activity(request: HttpRequest, key: str) -> HttpResponse:
    """What happened in a project, newest first."""
    return _page(request, project_for(person(request), key, Right.VIEW))


@login_required
@require_safe
def all_activity(request: HttpRequest) -> HttpResponse:
    """What happened anywhere: model servers, tokens and people too."""
    if not person(request).is_superuser:
        raise PermissionDenied("Only administrators see what happens in all projects.")
    return _page(request, None)


def _page(request: HttpRequest, project: Project | None) -> HttpResponse:
    """Pages go by id, so that the thousandth is as quick as the first, and nothing that comes in moves them."""
    form = ActivityForm(request.GET)
    valid = form.is_valid()
    rows = form.narrowed(events_in(project)) if valid else events_in(project).none()
    before = request.GET.get("before", "")
    paged = before.isdecimal() and len(before) < 19
    found = list((rows.filter(id__lt=int(before)) if paged else rows)[: PAGE + 1])
    context = {
        "form": form,
        "rows": [(event, VERBS.get(event.verb, event.verb)) for event in found[:PAGE]],
        "more": found[PAGE - 1].pk if len(found) > PAGE else None,
        "first_page": not paged,
        "filtered": any(request.GET.get(name) for name in form.fields),
    }
    if project is not None:
        context = page_context(request, project, "activity", **context)
    return render(request, "labeling/activity.html", context, status=200 if valid else 400)
