"""REST of this floor: benchmarks, their cases, the gate's reports; judging again."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.paging import Cursor
from common.text import storable
from deployment.models import StagedVersion
from evaluation import queries
from evaluation import serializers as shapes
from evaluation.gains import gains_of
from evaluation.models import Benchmark, CaseResult, GateReport
from evaluation.serializers_history import GainsSerializer
from evaluation.services import rejudge
from labeling.access import Right
from labeling.rest import ProjectDoor, narrowed


class CaseCursor(Cursor):
    """In the order of the suite."""

    ordering = "position"


class BenchmarkDoor(ProjectDoor):
    """Views of one benchmark."""

    def benchmark(self) -> Benchmark:
        """The benchmark of the URL, in that project."""
        return get_object_or_404(queries.benchmark_rows(self.open()), uid=self.kwargs["uid"])


class Benchmarks(ProjectDoor, generics.ListAPIView[Benchmark]):
    """The benchmarks of a project, newest first."""

    serializer_class = shapes.BenchmarkSerializer
    queryset = Benchmark.objects.none()
    queries = {"GET": shapes.BenchmarksQuery}

    def get_queryset(self) -> QuerySet[Benchmark]:
        paths = {"version": "version__number", "state": "state", "since": "created_at__gte"}
        return narrowed(queries.benchmark_rows(self.open()), self.query, **paths)


class BenchmarkDetail(BenchmarkDoor, generics.RetrieveAPIView[Benchmark]):
    """One benchmark with all its figures, and the simple methods beside it."""

    serializer_class = shapes.BenchmarkDetailSerializer
    queryset = Benchmark.objects.none()

    def get_object(self) -> Benchmark:
        return self.benchmark()


class Cases(BenchmarkDoor, generics.ListAPIView[CaseResult]):
    """What was asked and what came back, case by case."""

    serializer_class = shapes.CaseSerializer
    pagination_class = CaseCursor
    queryset = CaseResult.objects.none()

    queries = {"GET": shapes.CasesQuery}

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """`differs` compares with the version in the gate's report, else with the bare base."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[CaseResult]:
        row, show = self.benchmark(), self.query["show"]
        reference = queries.reference_of(row, queries.report_on(row), queries.beside(row))
        words = storable(self.query["q"]).strip()
        return queries.narrowed(queries.case_rows(row, reference), show, words)


class GateReports(ProjectDoor, generics.ListAPIView[GateReport]):
    """Every judgment, newest first; and asking for a new one."""

    rights = {"POST": Right.OPERATE}

    serializer_class = shapes.GateReportSerializer
    queryset = GateReport.objects.none()
    queries = {"GET": shapes.GateReportsQuery}

    def get_queryset(self) -> QuerySet[GateReport]:
        paths = {"version": "staged__version__number", "verdict": "verdict", "since": "created_at__gte"}
        return narrowed(queries.report_rows(self.open()), self.query, **paths)

    @extend_schema(request=shapes.JudgeRequest, responses={202: shapes.JudgeResponse})
    def post(self, request: Request, key: str) -> Response:
        """Judge a version again, against what is live now. The report appears in this list when it is there."""
        project = self.open()
        number = self.asked(shapes.JudgeRequest)["version"]
        rows = StagedVersion.objects.filter(version__project=project, version__number=number)
        staged = list(rows.select_related("version__project", "server"))
        if not staged:
            raise Http404(f"Version {number} stands on no server of {project.key}.")
        for row in staged:
            rejudge(self.caller, row)
        told = {"version": staged[0].version, "servers": [row.server.name for row in staged]}
        return Response(shapes.JudgeResponse(told).data, status=status.HTTP_202_ACCEPTED)


class Gains(ProjectDoor):
    """What the versions that went live gained, measured and shrunken."""

    @extend_schema(responses=GainsSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Newest first. `shrunken` is what is to be expected: what went live was measured large, partly by luck."""
        return Response(GainsSerializer(gains_of(self.open())).data)


class GateReportDetail(ProjectDoor, generics.RetrieveAPIView[GateReport]):
    """One judgment with every check."""

    serializer_class = shapes.GateReportDetailSerializer
    queryset = GateReport.objects.none()

    def get_object(self) -> GateReport:
        return get_object_or_404(queries.report_rows(self.open()), uid=self.kwargs["uid"])
