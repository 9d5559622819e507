"""Why a head answered as it did, on a page, and as the part that a page loads when it is opened."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.problems import ConflictError
from deployment.serving.why import why
from labeling.access import Right, in_project, project_for
from labeling.models import Prediction
from labeling.services.vectors.similar import Likes
from labeling.views.base import actor, page_context, part_of_page, person, polls


@login_required
@never_cache
@require_safe
def why_so(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """The golden samples most like the text of a prediction; refused where a head did not make it."""
    project = project_for(person(request), key, Right.VIEW)
    rows = in_project(Prediction.objects.select_related("sample__project", "project"), project)
    prediction = get_object_or_404(rows, uid=uid)
    context: dict[str, Any] = {"prediction": prediction}
    status = 200
    try:
        found = why(actor(request), prediction)
        context |= {"likes": found.likes, "version": found.version, "note": found.note}
    except ConflictError as error:
        context["likes"], status = Likes(note=str(error)), error.problem_status
    template = "deployment/serving/partials/why.html" if polls(request) else "deployment/serving/why.html"
    return part_of_page(render(request, template, page_context(request, project, "samples", **context), status=status))
