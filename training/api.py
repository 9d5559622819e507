"""REST of this floor: runs with their events, snapshots, versions."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.access import Right, project_for, token_of
from labeling.models import Project, User
from training import querysets
from training import serializers as shapes
from training.models import ModelVersion, RunEvent, Snapshot, TrainingRun
from training.services import cancel_run, start_baseline, start_run


class EventCursor(CursorPagination):
    """Oldest first, as they were written; `?page_size=` up to 1000."""

    ordering = "seq"
    page_size = 200
    page_size_query_param = "page_size"
    max_page_size = 1000


class ProjectDoor(APIView):
    """Views below a project: `self.open(right)` is the one way to it, 404 or 403 for those without."""

    def open(self, right: Right) -> Project:
        """The project of the URL, if the caller (and the token) has `right`."""
        return project_for(self.request.user, self.kwargs["key"], right, token_of(self.request))

    def run(self, right: Right) -> TrainingRun:
        """The run of the URL, in that project."""
        return get_object_or_404(querysets.run_rows(self.open(right)), uid=self.kwargs["uid"])


class Runs(ProjectDoor, generics.ListAPIView[TrainingRun]):
    """The runs of a project, newest first; and starting one."""

    serializer_class = shapes.RunSerializer
    queryset = TrainingRun.objects.none()

    def get_queryset(self) -> QuerySet[TrainingRun]:
        return querysets.run_rows(self.open(Right.VIEW))

    @extend_schema(request=shapes.StartRunSerializer, responses={201: shapes.RunDetailSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Queue a run. It waits until a GPU worker is free; `state` tells."""
        project = self.open(Right.OPERATE)
        body = shapes.StartRunSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        uid = asked.pop("snapshot")
        snapshot = get_object_or_404(querysets.snapshot_rows(project), uid=uid) if uid else None
        run = start_run(cast(User, request.user), project, trigger=TrainingRun.Trigger.API, snapshot=snapshot, **asked)
        return Response(_shown(run), status=status.HTTP_201_CREATED)


class RunDetail(ProjectDoor, generics.RetrieveAPIView[TrainingRun]):
    """One run with its configuration, environment and metrics."""

    serializer_class = shapes.RunDetailSerializer
    queryset = TrainingRun.objects.none()

    def get_object(self) -> TrainingRun:
        return self.run(Right.VIEW)


class CancelRun(ProjectDoor):
    """Stop a run."""

    @extend_schema(request=None, responses=shapes.RunDetailSerializer)
    def post(self, request: Request, key: str, uid: str) -> Response:
        """A queued run is cancelled at once, a running one at its next step. 409 where it has ended."""
        return Response(_shown(cancel_run(cast(User, request.user), self.run(Right.OPERATE))))


class RunEvents(ProjectDoor, generics.ListAPIView[RunEvent]):
    """What the engine reported, oldest first: steps with their loss, evaluations, checkpoints, warnings."""

    serializer_class = shapes.EventSerializer
    pagination_class = EventCursor
    queryset = RunEvent.objects.none()

    def get_queryset(self) -> QuerySet[RunEvent]:
        return RunEvent.objects.filter(run=self.run(Right.VIEW))


class Snapshots(ProjectDoor, generics.ListAPIView[Snapshot]):
    """The snapshots of a project, newest first."""

    serializer_class = shapes.SnapshotSerializer
    queryset = Snapshot.objects.none()

    def get_queryset(self) -> QuerySet[Snapshot]:
        return querysets.snapshot_rows(self.open(Right.VIEW))


class SnapshotDetail(ProjectDoor, generics.RetrieveAPIView[Snapshot]):
    """One snapshot."""

    serializer_class = shapes.SnapshotSerializer
    queryset = Snapshot.objects.none()

    def get_object(self) -> Snapshot:
        return get_object_or_404(querysets.snapshot_rows(self.open(Right.VIEW)), uid=self.kwargs["uid"])


class Versions(ProjectDoor, generics.ListAPIView[ModelVersion]):
    """The versions of a project, newest first. Number 0 is its baseline."""

    serializer_class = shapes.VersionSerializer
    queryset = ModelVersion.objects.none()

    def get_queryset(self) -> QuerySet[ModelVersion]:
        return querysets.version_rows(self.open(Right.VIEW))

    @extend_schema(request=shapes.BaselineSerializer, responses={201: shapes.VersionSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Make a bare base model version 0. 409 where there is one."""
        project = self.open(Right.OPERATE)
        body = shapes.BaselineSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = start_baseline(cast(User, request.user), project, body.validated_data["base"])
        return Response(shapes.VersionSerializer(version).data, status=status.HTTP_201_CREATED)


def _shown(run: TrainingRun) -> dict[str, Any]:
    return cast(dict[str, Any], shapes.RunDetailSerializer(querysets.run_rows(run.project).get(pk=run.pk)).data)
