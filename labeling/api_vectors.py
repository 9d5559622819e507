"""REST endpoints of what is made of vectors: how far they are, similar golden samples, near-duplicates."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from labeling import serializers_vectors as shapes
from labeling.models import AlikeGroup, Sample
from labeling.rest import ProjectDoor
from labeling.services.vectors import groups as near
from labeling.services.vectors.progress import progress
from labeling.services.vectors.similar import SHOWN, similar


class Vectors(ProjectDoor):
    """How far the vectors of a project's texts are."""

    @extend_schema(responses=shapes.VectorsSerializer)
    def get(self, request: Request, key: str) -> Response:
        """They are made in the background; `done` of `total` are there."""
        return Response(shapes.VectorsSerializer(progress(self.open())).data)


class SimilarSamples(ProjectDoor):
    """The golden samples that are most like a sample."""

    queries = {"GET": shapes.SimilarQuery}

    @extend_schema(responses=shapes.SimilarSamplesSerializer)
    def get(self, request: Request, key: str, uid: UUID) -> Response:
        """By the vectors of both texts, the most alike first. 409 for a test text that waits for its blind answer."""
        rows = Sample.objects.filter(project=self.open()).select_related("project")
        found = similar(self.caller, get_object_or_404(rows, uid=uid), self.query.get("k", SHOWN))
        return Response(shapes.SimilarSamplesSerializer(found).data)


class NearDuplicates(ProjectDoor, generics.ListAPIView[AlikeGroup]):
    """Groups of texts that are nearly alike, newest first. They are told; no sample and no split moves."""

    serializer_class = shapes.AlikeGroupSerializer
    queryset = AlikeGroup.objects.none()
    queries = {"GET": shapes.NearDuplicatesQuery}

    def get_queryset(self) -> QuerySet[AlikeGroup]:
        return near.to_list(near.groups(self.open(), crossing=self.query["crossing"]))

    def paginate_queryset(self, queryset: Any) -> Any:
        """The texts of the groups of one page."""
        page = super().paginate_queryset(queryset)
        return None if page is None else near.with_texts(page)
