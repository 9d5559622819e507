"""What is made of vectors, on pages: how far they are, similar golden samples, near-duplicates."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.problems import ConflictError
from labeling.access import Right, in_project, project_for
from labeling.models import AlikeGroup, Project, Sample
from labeling.services.vectors import groups as near
from labeling.services.vectors.alike import ALIKE
from labeling.services.vectors.progress import progress
from labeling.services.vectors.similar import Likes, similar
from labeling.views.base import actor, page_context, part_of_page, person, polls

PAGE = 20


@login_required
@require_safe
def vectors(request: HttpRequest, key: str) -> HttpResponse:
    """How far the vectors of a project are: the part of its page that asks again while they are made."""
    project = project_for(person(request), key, Right.VIEW)
    template = "labeling/partials/vectors.html" if polls(request) else "labeling/vectors.html"
    return render(request, template, page_context(request, project, "project", vectors=progress(project)))


@login_required
@never_cache
@require_safe
def similar_samples(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """The golden samples most like one; refused for a test text that waits for its blind answer."""
    project = project_for(person(request), key, Right.VIEW)
    rows = in_project(Sample.objects.select_related("project"), project)
    sample = get_object_or_404(rows, uid=uid)
    context: dict[str, Any] = {"sample": sample}
    status = 200
    try:
        context["likes"] = similar(actor(request), sample)
    except ConflictError as error:
        context["likes"], status = Likes(note=str(error)), error.problem_status
    template = "labeling/partials/similar.html" if polls(request) else "labeling/similar.html"
    return part_of_page(render(request, template, page_context(request, project, "samples", **context), status=status))


@login_required
@require_safe
def near_duplicates(request: HttpRequest, key: str) -> HttpResponse:
    """Groups of texts that are nearly alike, newest first; pages go by id."""
    project = project_for(person(request), key, Right.VIEW)
    crossing = request.GET.get("crossing") == "1"
    rows = near.to_list(near.groups(project, crossing=crossing))
    before = _before(project, request.GET.get("before", ""))
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    context = page_context(
        request,
        project,
        "near-duplicates",
        groups=near.with_texts(found[:PAGE]),
        more=found[PAGE - 1] if len(found) > PAGE else None,
        first_page=not before,
        crossing=crossing,
        summary=near.summary(project),
        vectors=progress(project),
        alike=ALIKE,
        head=near.HEAD,
        counted=near.COUNTED,
    )
    return render(request, "labeling/near_duplicates.html", context)


def _before(project: Project, uid: str) -> int | None:
    try:
        return AlikeGroup.objects.filter(project=project, uid=UUID(uid)).values_list("pk", flat=True).first()
    except ValueError:
        return None
