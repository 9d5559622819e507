"""Administration: the gate's policy is edited; suites, benchmarks and reports are evidence and read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from common.admin import admin_link, list_link, one_line, site_link, state_display
from deployment.models import Deployment
from evaluation.admin_confidence import AcceptanceAdmin, AcceptPolicyAdmin, CalibrationAdmin, CertificateAdmin
from evaluation.models import BaselineResult, Benchmark, CaseResult, GatePolicy, GateReport, Suite, SuiteCase
from labeling.admin.base import EvidenceAdmin, ProjectScopedAdmin

__all__ = ["AcceptPolicyAdmin", "AcceptanceAdmin", "CalibrationAdmin", "CertificateAdmin"]


def _number(value: Any, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


@admin.register(Suite)
class SuiteAdmin(EvidenceAdmin):
    """Frozen test texts, drawn by chance or hard."""

    list_display = ("__str__", "project", "role", "spec", "size", "left_out", "created_at")
    list_filter = ("project", "role")
    list_select_related = ("project", "spec__project")
    search_fields = ("digest", "project__key")
    readonly_fields = ("lineage",)

    @admin.display(description="Lineage")
    def lineage(self, suite: Suite) -> SafeString:
        cases = list_link(SuiteCase, "cases", suite__id__exact=suite.pk)
        benchmarks = list_link(Benchmark, "benchmarks", suite__id__exact=suite.pk)
        return one_line([cases, benchmarks, list_link(BaselineResult, "baselines", suite__id__exact=suite.pk)])


@admin.register(SuiteCase)
class SuiteCaseAdmin(EvidenceAdmin):
    """One text with its right answer."""

    project_path = "suite__project"
    list_display = ("suite", "position", "start", "expected")
    list_display_links = ("position", "start")
    list_filter = ("suite__project",)
    list_select_related = ("suite__project",)
    search_fields = ("text",)
    readonly_fields = ("lineage",)

    @admin.display(description="Text")
    def start(self, case: SuiteCase) -> str:
        return case.text[:90]

    @admin.display(description="Lineage")
    def lineage(self, case: SuiteCase) -> SafeString:
        results = list_link(CaseResult, "answers in benchmarks", case__id__exact=case.pk)
        return one_line([*([admin_link(case.sample, "sample")] if case.sample else []), results])


@admin.register(Benchmark)
class BenchmarkAdmin(EvidenceAdmin):
    """A version asked all cases of a suite."""

    project_path = "suite__project"
    list_display = ("version", "decoding", "shown_state", "progress", "psr", "main", "exact", "suite", "started_at")
    list_filter = ("state", "decoding", "suite__project", "staged__server")
    list_select_related = ("version__project", "suite__project")
    search_fields = ("version__project__key", "suite__digest", "error")
    readonly_fields = ("lineage",)
    date_hierarchy = "created_at"

    @state_display()
    def shown_state(self, row: Benchmark) -> str:
        return row.state

    @admin.display(description="Cases")
    def progress(self, row: Benchmark) -> str:
        return f"{row.done} of {row.cases}"

    @admin.display(description="PSR")
    def psr(self, row: Benchmark) -> str:
        return _number(row.metrics.get("psr"))

    @admin.display(description="Judged figure")
    def main(self, row: Benchmark) -> str:
        return f"{row.metrics['main_metric']} {_number(row.metrics['main'])}" if "main" in row.metrics else "-"

    @admin.display(description="Exact")
    def exact(self, row: Benchmark) -> str:
        return _number(row.metrics.get("exact"))

    @admin.display(description="Lineage")
    def lineage(self, row: Benchmark) -> SafeString:
        """From the snapshot and run to the version, and on to the gate and deployments."""
        run = row.version.trained_by
        return one_line(
            [
                *([admin_link(run.snapshot, "snapshot"), admin_link(run, "run")] if run else []),
                admin_link(row.version),
                admin_link(row.staged, "staged"),
                list_link(CaseResult, "cases", benchmark__id__exact=row.pk),
                list_link(GateReport, "gate reports", candidate__id__exact=row.pk),
                list_link(Deployment, "deployments", version__id__exact=row.version_id),
                site_link("evaluation:benchmark", row.suite.project.key, row.uid),
            ]
        )


@admin.register(CaseResult)
class CaseResultAdmin(EvidenceAdmin):
    """The trace of one case."""

    project_path = "benchmark__suite__project"
    list_display = ("case", "of_version", "start", "shown_status", "exact", "latency")
    list_filter = ("status", "exact", "benchmark__decoding", "benchmark__suite__project")
    list_select_related = ("case__suite", "benchmark__version__project")
    search_fields = ("case__text", "raw")
    readonly_fields = ("lineage",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("messages")

    @admin.display(description="Version", ordering="benchmark")
    def of_version(self, row: CaseResult) -> str:
        return f"{row.benchmark.version} ({row.benchmark.decoding})"

    @admin.display(description="Raw answer")
    def start(self, row: CaseResult) -> str:
        return row.raw[:80]

    @state_display("status", "Read")
    def shown_status(self, row: CaseResult) -> str:
        return row.status

    @admin.display(description="Latency", ordering="latency_ms")
    def latency(self, row: CaseResult) -> str:
        return f"{row.latency_ms:.0f} ms"

    @admin.display(description="Lineage")
    def lineage(self, row: CaseResult) -> SafeString:
        links = [admin_link(row.benchmark, "benchmark"), admin_link(row.case, "case")]
        sample = [admin_link(row.case.sample, "sample")] if row.case.sample else []
        return one_line([*links, *sample])


@admin.register(BaselineResult)
class BaselineResultAdmin(EvidenceAdmin):
    """Simple methods on the same cases."""

    project_path = "suite__project"
    list_display = ("name", "suite", "snapshot", "main", "created_at")
    list_filter = ("name", "suite__project")
    list_select_related = ("suite__project", "snapshot__project")
    search_fields = ("name", "suite__project__key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("answers")

    @admin.display(description="Judged figure")
    def main(self, row: BaselineResult) -> str:
        return f"{row.metrics['main_metric']} {_number(row.metrics['main'])}" if "main" in row.metrics else "-"


@admin.register(GatePolicy)
class GatePolicyAdmin(ProjectScopedAdmin):
    """What a version must show before it may serve."""

    list_display = ("project", "minimum", "margin", "accept_tie", "psr_tolerance", "min_cases", "free_cases")
    list_select_related = ("project",)
    search_fields = ("project__key", "project__name")

    def get_readonly_fields(self, request: HttpRequest, obj: GatePolicy | None = None) -> tuple[str, ...]:
        return ("project",) if obj else ()


@admin.register(GateReport)
class GateReportAdmin(EvidenceAdmin):
    """Every judgment, with its numbers."""

    list_display = ("of_version", "shown_verdict", "short", "project", "created_at")
    list_filter = ("verdict", "project")
    list_select_related = ("staged__version__project", "project")
    search_fields = ("sentence", "project__key")
    readonly_fields = ("lineage",)
    date_hierarchy = "created_at"

    @admin.display(description="Version", ordering="staged")
    def of_version(self, report: GateReport) -> str:
        return str(report.staged.version)

    @state_display("verdict", "Verdict")
    def shown_verdict(self, report: GateReport) -> str:
        return report.verdict

    @admin.display(description="Why")
    def short(self, report: GateReport) -> str:
        return report.sentence[:120]

    @admin.display(description="Lineage")
    def lineage(self, report: GateReport) -> SafeString:
        titles = {
            "benchmark": report.candidate,
            "held against": report.reference,
            "hard cases": report.hard,
            "staged": report.staged,
        }
        links = [admin_link(row, text) for text, row in titles.items() if row]
        deployments = list_link(Deployment, "deployments", version__id__exact=report.staged.version_id)
        return one_line([*links, deployments])
