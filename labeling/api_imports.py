"""REST endpoints of imports: the body is the file, read in the background."""

import hashlib
from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from common.problems import ConflictError, ProblemError, TooLargeError
from common.rest import unknown
from common.text import storable
from labeling import serializers_imports as shapes
from labeling import services
from labeling.access import Right
from labeling.forms_imports import OPTION_FIELDS, import_options
from labeling.import_folder import file_at
from labeling.models import ImportBatch
from labeling.rest import ProjectDoor


class AnyBody(BaseParser):
    """The body as it is, of whatever type it says that it has."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """All of it. Raises `TooLargeError`."""
        limit: int = settings.API_MAX_BODY_BYTES
        body: bytes = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLargeError(f"The body is longer than {limit:,} bytes; send it in several, or use the page.")
        return body


class Imports(ProjectDoor, generics.ListAPIView[ImportBatch]):
    """The imports of a project, newest first; and sending a file."""

    rights = {"GET": Right.IMPORT, "POST": Right.IMPORT}

    made_at = "api-import"
    serializer_class = shapes.ImportSerializer
    queryset = ImportBatch.objects.none()
    parser_classes = (MultiPartParser, AnyBody)
    queries = {"POST": shapes.ImportQuery}

    def get_queryset(self) -> QuerySet[ImportBatch]:
        return ImportBatch.objects.filter(project=self.open())

    def sent(self) -> Any:
        """The file by its digest, and how it is to be read."""
        name, content = self._file()
        return [self.request.path, self.query, name, hashlib.sha256(content).hexdigest()]

    @extend_schema(
        request={
            "application/x-ndjson": OpenApiTypes.BINARY,
            "text/csv": OpenApiTypes.BINARY,
            "multipart/form-data": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}},
        },
        responses={202: shapes.ImportSerializer},
    )
    def post(self, request: Request, key: str) -> Response:
        """Import a file.

        Send it as the body, or as `file` of a multipart one: NDJSON, JSON, CSV, TSV, XLSX, plain text, or what other
        tools export. It is read in the background; `state` and the counts tell how far it is, and `report` lists each
        row that was not taken.
        """
        project = self.open()
        options = import_options(project, **{name: self.query.get(name) for name in OPTION_FIELDS})
        with self._upload() as upload:
            batch = services.start_import(self.caller, project, upload, options)
        return Response(shapes.ImportSerializer(batch).data, status=status.HTTP_202_ACCEPTED)

    def _upload(self) -> "File[bytes]":
        name, content = self._file()
        path = self.query.get("path")
        if path is not None and content:
            raise ProblemError("Send the file, or the path of one that lies on the server, not both.")
        if path is not None:
            return file_at(path)
        if not content.strip():
            raise ProblemError("The body is empty; send the file as it is, or as `file` of a multipart body.")
        return SimpleUploadedFile(storable(name), content)

    def _file(self) -> tuple[str, bytes]:
        """The name and the content of what was sent; a request without a body has none."""
        data: Any = self.request.data
        if isinstance(data, bytes):
            return self.query["name"], data
        wrong = unknown(data, ["file"], "field")
        if wrong:
            raise ValidationError(wrong)
        upload = data.get("file") if data else None
        if not isinstance(upload, UploadedFile):
            return self.query["name"], b""
        if upload.size is None or upload.size > settings.API_MAX_BODY_BYTES:
            raise TooLargeError("The file is longer than a request may be; send it in several, or use the page.")
        content = upload.read()
        upload.seek(0)
        return upload.name or self.query["name"], content


class OneImport(ProjectDoor):
    """Views of one import."""

    rights = {"GET": Right.IMPORT, "POST": Right.IMPORT}

    def batch(self) -> ImportBatch:
        """The import of the URL."""
        rows = ImportBatch.objects.filter(project=self.open()).select_related("project")
        return get_object_or_404(rows, uid=self.kwargs["uid"])


class ImportDetail(OneImport, generics.RetrieveAPIView[ImportBatch]):
    """One import: how far it is, and what was not taken."""

    serializer_class = shapes.ImportSerializer
    queryset = ImportBatch.objects.none()

    def get_object(self) -> ImportBatch:
        return self.batch()


class CancelImport(OneImport):
    """End an import."""

    @extend_schema(request=None, responses=shapes.ImportSerializer)
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """What has come in stays; sending the file again adds the rest. 409 where it has ended."""
        batch = self.batch()
        services.cancel_import(self.caller, batch)
        batch.refresh_from_db()
        found: Any = shapes.ImportSerializer(batch).data
        return Response(found)


class ImportReport(OneImport):
    """The rows that an import did not take."""

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, key: str, uid: UUID) -> FileResponse:
        """CSV of line and reason. 409 where there is none, or not yet."""
        batch = self.batch()
        if not batch.report:
            raise ConflictError("This import has no rows that were not taken, or has not ended.")
        return FileResponse(batch.report.open("rb"), as_attachment=True, filename="rows.csv", content_type="text/csv")
