"""REST endpoints of exports: files of a project's texts, written in the background."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from labeling import serializers_exports as shapes
from labeling import services
from labeling.access import Right, require
from labeling.export_doors import file_of
from labeling.models import Export
from labeling.rest import ProjectDoor


class AnyType(JSONRenderer):
    """Lets a caller ask for whatever the file is."""

    media_type = "*/*"
    format = "file"


class Exports(ProjectDoor, generics.ListAPIView[Export]):
    """The exports of a project, newest first; and asking for one."""

    rights = {"GET": Right.OPERATE, "POST": Right.OPERATE}

    made_at = "api-export"
    serializer_class = shapes.ExportSerializer
    queryset = Export.objects.none()

    def get_queryset(self) -> QuerySet[Export]:
        return Export.objects.filter(project=self.open())

    @extend_schema(request=shapes.NewExportSerializer, responses={202: shapes.ExportSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Have a file written. `state` and `done` of `total` tell how far it is. It is kept for some days."""
        project = self.open()
        asked = self.asked(shapes.NewExportSerializer)
        export = services.start_export(self.caller, project, **asked)
        return Response(shapes.ExportSerializer(export).data, status=status.HTTP_202_ACCEPTED)


class OneExport(ProjectDoor):
    """Views of one export."""

    rights = {"GET": Right.OPERATE, "POST": Right.OPERATE}

    def export(self) -> Export:
        """The export of the URL."""
        rows = Export.objects.filter(project=self.open()).select_related("project")
        return get_object_or_404(rows, uid=self.kwargs["uid"])


class ExportDetail(OneExport, generics.RetrieveAPIView[Export]):
    """One export: how far it is, and what is left out."""

    serializer_class = shapes.ExportSerializer
    queryset = Export.objects.none()

    def get_object(self) -> Export:
        return self.export()


class CancelExport(OneExport):
    """End an export."""

    @extend_schema(request=None, responses=shapes.ExportSerializer)
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """It ends at once, and nothing of its file stays. 409 where it has ended."""
        export = self.export()
        services.cancel_export(self.caller, export)
        export.refresh_from_db()
        found: Any = shapes.ExportSerializer(export).data
        return Response(found)


class ExportFile(OneExport):
    """The file of an export."""

    renderer_classes = (JSONRenderer, AnyType)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, key: str, uid: UUID) -> FileResponse:
        """409 before it is whole, and after it was removed. With test answers it takes the right to manage."""
        export = self.export()
        require(self.caller, export.project, services.right_to(export))
        return file_of(export)
