"""REST of rounds: runs of several methods, and the one that is the candidate."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import Right
from labeling.rest import ProjectDoor
from training import queries
from training.api import RunDoor, shown
from training.models import TrainingRound, TrainingRun
from training.serializers import RunDetailSerializer
from training.serializers_rounds import RoundSerializer, StartRoundSerializer
from training.services import judge_too, retrain
from training.standing import round_rows, told


class Rounds(ProjectDoor, generics.ListAPIView[TrainingRound]):
    """The rounds of a project, newest first; and starting one."""

    rights = {"POST": Right.OPERATE}

    made_at = "api-run"
    serializer_class = RoundSerializer
    queryset = TrainingRound.objects.none()

    def get_queryset(self) -> QuerySet[TrainingRound]:
        return round_rows(self.open())

    @extend_schema(request=StartRoundSerializer, responses={201: RunDetailSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Start a round.

        What the retrain policy lists is started on one snapshot. The answer is the first run, with its `round`. Where
        the policy lists one method, that run stands alone. 409 where such a run is there: send `again` where it is
        meant.
        """
        project = self.open()
        asked = self.asked(StartRoundSerializer)
        uid = asked.pop("snapshot")
        snapshot = get_object_or_404(queries.snapshot_rows(project), uid=uid) if uid else None
        run = retrain(self.caller, project, trigger=TrainingRun.Trigger.API, snapshot=snapshot, **asked)
        return Response(shown(run), status=status.HTTP_201_CREATED)


class RoundDetail(ProjectDoor):
    """One round."""

    @extend_schema(responses=RoundSerializer)
    def get(self, request: Request, key: str, uid: str) -> Response:
        """Its runs, how they stand to each other on the same validation rows, and which of them is the candidate."""
        row = get_object_or_404(round_rows(self.open()), uid=uid)
        found: dict[str, Any] = dict(RoundSerializer(told(row)).data)
        return Response(found)


class JudgeRun(RunDoor):
    """Have a run judged that is not the candidate of its round."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=None, responses={201: RunDetailSerializer})
    def post(self, request: Request, key: str, uid: str) -> Response:
        """A version is made of it, built, staged and judged; the gate alone does not promote it.

        409 before the candidate was chosen, where the run has not succeeded, and where it has a version.
        """
        run = self.run()
        judge_too(self.caller, run)
        return Response(shown(run), status=status.HTTP_201_CREATED)
