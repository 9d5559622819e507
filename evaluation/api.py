"""REST of this floor: benchmarks, their cases, the gate's reports; judging again."""

from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployment.models import StagedVersion
from evaluation import querysets
from evaluation import serializers as shapes
from evaluation.models import Benchmark, CaseResult, GateReport
from evaluation.services import rejudge
from labeling.access import Right, project_for, token_of
from labeling.kinds import storable
from labeling.models import Project, User


class CaseCursor(CursorPagination):
    """In the order of the suite; `?page_size=` up to 500."""

    ordering = "position"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class ProjectDoor(APIView):
    """Views below a project: `self.open(right)` is the one way to it, 404 or 403 for those without."""

    def open(self, right: Right) -> Project:
        """The project of the URL, if the caller (and the token) has `right`."""
        return project_for(self.request.user, self.kwargs["key"], right, token_of(self.request))

    def benchmark(self) -> Benchmark:
        """The benchmark of the URL, in that project."""
        return get_object_or_404(querysets.benchmark_rows(self.open(Right.VIEW)), uid=self.kwargs["uid"])


class Benchmarks(ProjectDoor, generics.ListAPIView[Benchmark]):
    """The benchmarks of a project, newest first."""

    serializer_class = shapes.BenchmarkSerializer
    queryset = Benchmark.objects.none()

    def get_queryset(self) -> QuerySet[Benchmark]:
        return querysets.benchmark_rows(self.open(Right.VIEW))


class BenchmarkDetail(ProjectDoor, generics.RetrieveAPIView[Benchmark]):
    """One benchmark with all its figures."""

    serializer_class = shapes.BenchmarkSerializer
    queryset = Benchmark.objects.none()

    def get_object(self) -> Benchmark:
        return self.benchmark()


class Cases(ProjectDoor, generics.ListAPIView[CaseResult]):
    """What was asked and what came back, case by case."""

    serializer_class = shapes.CaseSerializer
    pagination_class = CaseCursor
    queryset = CaseResult.objects.none()

    @extend_schema(
        parameters=[
            OpenApiParameter("show", enum=list(querysets.SHOWN), description="Only these cases; all unless said."),
            OpenApiParameter("q", description="Only cases whose text or raw answer holds these words."),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """`differs` compares with the version in the gate's report, else with the bare base."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[CaseResult]:
        row, show = self.benchmark(), self.request.query_params.get("show", "all")
        reference = querysets.reference_of(row, querysets.report_on(row), querysets.beside(row))
        words = storable(self.request.query_params.get("q", "")).strip()
        return querysets.narrowed(querysets.case_rows(row, reference), show, words)


class GateReports(ProjectDoor, generics.ListAPIView[GateReport]):
    """Every judgment, newest first; and asking for a new one."""

    serializer_class = shapes.GateReportSerializer
    queryset = GateReport.objects.none()

    def get_queryset(self) -> QuerySet[GateReport]:
        return querysets.report_rows(self.open(Right.VIEW))

    @extend_schema(request=shapes.JudgeRequest, responses={202: shapes.JudgeResponse})
    def post(self, request: Request, key: str) -> Response:
        """Judge a version again, against what is live now. The report appears in this list when it is there."""
        project = self.open(Right.OPERATE)
        body = shapes.JudgeRequest(data=request.data)
        body.is_valid(raise_exception=True)
        rows = StagedVersion.objects.filter(version__project=project, version__number=body.validated_data["version"])
        staged = list(rows.select_related("version__project", "server"))
        if not staged:
            raise Http404(f"Version {body.validated_data['version']} stands on no server of {project.key}.")
        for row in staged:
            rejudge(cast(User, request.user), row)
        return Response(shapes.JudgeResponse({"queued": staged}).data, status=status.HTTP_202_ACCEPTED)


class GateReportDetail(ProjectDoor, generics.RetrieveAPIView[GateReport]):
    """One judgment with every check."""

    serializer_class = shapes.GateReportSerializer
    queryset = GateReport.objects.none()

    def get_object(self) -> GateReport:
        return get_object_or_404(querysets.report_rows(self.open(Right.VIEW)), uid=self.kwargs["uid"])
