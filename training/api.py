"""REST of this floor: runs with their events, snapshots."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.paging import Cursor
from labeling.access import Right
from labeling.rest import ProjectDoor, narrowed
from training import queries
from training import serializers as shapes
from training.models import BaseModel, RunEvent, Snapshot, TrainingRun
from training.services import cancel_run, keep_best, pause_run, resume_run, start_run


class EventCursor(Cursor):
    """Oldest first, as they were written."""

    ordering = "seq"
    page_size = 200


class RunDoor(ProjectDoor):
    """Views of one run."""

    def run(self) -> TrainingRun:
        """The run of the URL, in that project."""
        return get_object_or_404(queries.run_rows(self.open()), uid=self.kwargs["uid"])


class Runs(ProjectDoor, generics.ListAPIView[TrainingRun]):
    """The runs of a project, newest first; and starting one."""

    rights = {"POST": Right.OPERATE}

    made_at = "api-run"
    serializer_class = shapes.RunSerializer
    queryset = TrainingRun.objects.none()
    queries = {"GET": shapes.RunsQuery}

    def get_queryset(self) -> QuerySet[TrainingRun]:
        paths = {"state": "state", "method": "method", "snapshot": "snapshot__uid", "since": "created_at__gte"}
        return narrowed(queries.run_rows(self.open()), self.query, **paths)

    @extend_schema(request=shapes.StartRunSerializer, responses={201: shapes.RunDetailSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Queue a run. It waits until a worker of its method is free; `state` tells.

        409 where a run on the same snapshot, with the same options and seed, is there: send `again` where it is meant.
        """
        project = self.open()
        asked = self.asked(shapes.StartRunSerializer)
        uid = asked.pop("snapshot")
        snapshot = get_object_or_404(queries.snapshot_rows(project), uid=uid) if uid else None
        run = start_run(self.caller, project, trigger=TrainingRun.Trigger.API, snapshot=snapshot, **asked)
        return Response(shown(run), status=status.HTTP_201_CREATED)


class RunDetail(RunDoor, generics.RetrieveAPIView[TrainingRun]):
    """One run with its configuration, environment and metrics."""

    serializer_class = shapes.RunDetailSerializer
    queryset = TrainingRun.objects.none()

    def get_object(self) -> TrainingRun:
        return self.run()


class CancelRun(RunDoor):
    """Stop a run."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=None, responses=shapes.RunDetailSerializer)
    def post(self, request: Request, key: str, uid: str) -> Response:
        """A queued run is cancelled at once, a running one at its next step. 409 where it has ended."""
        return Response(shown(cancel_run(self.caller, self.run())))


class PauseRun(RunDoor):
    """Have a run stand still."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=None, responses=shapes.RunDetailSerializer)
    def post(self, request: Request, key: str, uid: str) -> Response:
        """A queued run pauses at once, a running one at its next step, with a checkpoint. 409 where it has ended."""
        return Response(shown(pause_run(self.caller, self.run())))


class ResumeRun(RunDoor):
    """Have a run go on."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=None, responses=shapes.RunDetailSerializer)
    def post(self, request: Request, key: str, uid: str) -> Response:
        """From its last checkpoint: after a pause, or a failure whose `ending` is not hopeless. 409 otherwise."""
        return Response(shown(resume_run(self.caller, self.run())))


class KeepBest(RunDoor):
    """Stop a run and keep the best that it has."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=None, responses=shapes.RunDetailSerializer)
    def post(self, request: Request, key: str, uid: str) -> Response:
        """It ends at its next step and makes a version of its best validation.

        409 before its first step, and where there is no best before its end: with `head`, and with `encoder` where the
        validation rows are fewer than 50, or have judged no pass yet.
        """
        return Response(shown(keep_best(self.caller, self.run())))


class RunEvents(RunDoor, generics.ListAPIView[RunEvent]):
    """What the engine reported, oldest first: steps with their loss, evaluations, checkpoints, warnings."""

    serializer_class = shapes.EventSerializer
    pagination_class = EventCursor
    queryset = RunEvent.objects.none()

    def get_queryset(self) -> QuerySet[RunEvent]:
        return RunEvent.objects.filter(run=self.run())


class Bases(ProjectDoor, generics.ListAPIView[BaseModel]):
    """The base models that a project can be trained on, newest first, and what a worker saw of each."""

    rights = {"GET": Right.OPERATE}

    serializer_class = shapes.BaseSerializer
    queryset = BaseModel.objects.none()

    def get_queryset(self) -> QuerySet[BaseModel]:
        self.open()
        return BaseModel.objects.trainable().order_by("-id")


class Snapshots(ProjectDoor, generics.ListAPIView[Snapshot]):
    """The snapshots of a project, newest first."""

    serializer_class = shapes.SnapshotSerializer
    queryset = Snapshot.objects.none()

    def get_queryset(self) -> QuerySet[Snapshot]:
        return queries.snapshot_rows(self.open())


class SnapshotDetail(ProjectDoor, generics.RetrieveAPIView[Snapshot]):
    """One snapshot."""

    serializer_class = shapes.SnapshotSerializer
    queryset = Snapshot.objects.none()

    def get_object(self) -> Snapshot:
        return get_object_or_404(queries.snapshot_rows(self.open()), uid=self.kwargs["uid"])


def shown(run: TrainingRun) -> dict[str, Any]:
    """The run as a detail shows it, read anew."""
    return cast(dict[str, Any], shapes.RunDetailSerializer(queries.run_rows(run.project).get(pk=run.pk)).data)
