"""The doors to a promotion's evidence: a link on its page, and one GET of the API."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from deployment import queries
from deployment.models import Deployment
from evaluation.services.bundles import bundle_of, name_of
from labeling.access import Right, project_for
from labeling.rest import ProjectDoor
from labeling.views.base import actor, person, problems_as_messages

_TYPE = "application/jsonl"


class JsonLines(JSONRenderer):
    """Lets a caller ask for what the file is."""

    media_type = _TYPE
    format = "jsonl"


@login_required
@require_safe
def evidence(request: HttpRequest, key: str, uid: UUID) -> HttpResponseBase:
    """The file; where there is none, back to the promotion's page, which says why."""
    project = project_for(person(request), key, Right.VIEW)
    row = get_object_or_404(queries.history(project), uid=uid)
    with problems_as_messages(request):
        return _streamed(row, bundle_of(actor(request), row))
    return redirect("deployment:deployment", key, uid)


class EvidenceView(ProjectDoor):
    """The evidence of one promotion, as a file. `python -m evaluation.verify` works it out again."""

    renderer_classes = (JSONRenderer, JsonLines)

    @extend_schema(responses={(200, _TYPE): OpenApiTypes.BINARY})
    def get(self, request: Request, key: str, uid: UUID) -> StreamingHttpResponse:
        """409 for a rollback and for what never went live; 400 where what the verdict was made from is not kept."""
        project = self.open()
        row = get_object_or_404(queries.history(project), uid=uid)
        return _streamed(row, bundle_of(self.caller, row))


def _streamed(row: Deployment, lines: Iterable[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name_of(row)}"'
    return response
