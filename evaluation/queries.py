"""What pages, API and admin ask of this floor's rows, each spelled once and without a query per row."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject

from deployment.models import StagedVersion
from evaluation.effort import DECISIONS, LONGEST_SECONDS, Decision
from evaluation.models import BaselineResult, Benchmark, CaseResult, GateReport, Look
from labeling.models import GoldenSample, ParseStatus, Project, Review, Sample

State = Benchmark.State
UNFINISHED = (State.QUEUED, State.RUNNING)
# What the case list can be narrowed to, by name in the URL.
SHOWN = {
    "all": "All",
    "wrong": "Wrong",
    "failed": "Failed",
    "repaired": "Repaired",
    "differs": "Differs from the reference",
}


def benchmark_rows(project: Project) -> QuerySet[Benchmark]:
    """The project's benchmarks with their lineage, newest first."""
    rows = Benchmark.objects.filter(suite__project=project).order_by("-id")
    return rows.select_related(
        "suite__project", "version__project", "version__run__snapshot", "version__spec", "staged__server"
    )


def report_rows(project: Project) -> QuerySet[GateReport]:
    """The gate's reports of the project, newest first."""
    rows = GateReport.objects.filter(project=project).order_by("-id")
    of_the_verdict = ("held_against__project", "staged__held_against__project")
    return rows.select_related("project", "staged__server", "staged__version__project", *of_the_verdict, *_BENCHMARKS)


_BENCHMARKS = (
    "candidate__suite__project", "candidate__version__project", "reference__version__project",
    "hard__suite__project", "hard__version__project", "hard_reference__version__project",
)  # fmt: skip


def report_on(benchmark: Benchmark) -> GateReport | None:
    """The newest report on the version that was judged on these cases; else the newest without any benchmark."""
    rows = report_rows(benchmark.suite.project).filter(staged=benchmark.staged)
    on_these = Q(candidate__suite=benchmark.suite) | Q(hard__suite=benchmark.suite)
    return rows.filter(on_these).first() or rows.filter(candidate=None).first()


def unjudged_rows(project: Project) -> QuerySet[StagedVersion]:
    """Staged versions that wait for their verdict, newest first."""
    rows = StagedVersion.objects.staged().filter(version__project=project, verdict="")
    return rows.select_related("version__project", "server").order_by("-id")


def newest_reports(project: Project, limit: int) -> list[GateReport]:
    """The newest report of each staged version, newest first."""
    newest = GateReport.objects.filter(staged=OuterRef("staged")).order_by("-id").values("pk")[:1]
    return list(report_rows(project).filter(pk=Subquery(newest))[:limit])


def newest_looks(project: Project, limit: int) -> list[Look]:
    """The newest looks of the automatic gate, newest first."""
    rows = Look.objects.filter(project=project).order_by("-pk")
    return list(rows.select_related("version__project", "held_against__project", "suite")[:limit])


def beside(benchmark: Benchmark) -> QuerySet[Benchmark]:
    """Finished benchmarks of other versions on the same cases, asked in the same way, newest version first."""
    rows = benchmark_rows(benchmark.suite.project).filter(
        suite=benchmark.suite, decoding=benchmark.decoding, cases=benchmark.cases, state=State.SUCCEEDED
    )
    return rows.exclude(pk=benchmark.pk).order_by("-version__number", "-id")


def reference_of(benchmark: Benchmark, report: GateReport | None, others: Iterable[Benchmark]) -> Benchmark | None:
    """The benchmark to hold this one against: of the version in the gate's report, else of the bare base."""
    rows = list(others)
    if report is not None and report.reference is not None:
        held_against = [row for row in rows if row.version_id == report.reference.version_id]
        if held_against:
            return held_against[0]
    return next((row for row in rows if row.version.number == 0), None)


def baselines_of(benchmark: Benchmark) -> list[BaselineResult]:
    """The simple methods on the same suite, from the version's own snapshot, else from the newest that has some."""
    rows = BaselineResult.objects.filter(suite=benchmark.suite).defer("answers").order_by("-snapshot_id", "name")
    run = benchmark.version.trained_by
    if run is not None:
        own = list(rows.filter(snapshot=run.snapshot_id))
        if own:
            return own
    found = list(rows)
    return [row for row in found if row.snapshot_id == found[0].snapshot_id]


def case_rows(benchmark: Benchmark, reference: Benchmark | None = None) -> QuerySet[CaseResult]:
    """The results of a benchmark in the order of its cases, with the reference's result where there is one."""
    rows = CaseResult.objects.filter(benchmark=benchmark).select_related("case__sample").order_by("case__position")
    theirs = CaseResult.objects.filter(benchmark=reference, case=OuterRef("case"))
    packed = theirs.values(one=JSONObject(answer="answer", status="status", exact="exact", raw="raw", reason="reason"))
    return rows.annotate(
        position=F("case__position"),
        theirs=Subquery(packed[:1]),
        differs=_distinct("answer", Subquery(theirs.values("answer")[:1])) if reference else Value(False),
    )


def narrowed(rows: QuerySet[CaseResult], show: str, words: str) -> QuerySet[CaseResult]:
    """Only the cases of one kind (a name in `SHOWN`), whose text or raw answer holds `words`."""
    kinds: dict[str, Q] = {
        "wrong": Q(exact=False),
        "failed": Q(status=ParseStatus.FAILED),
        "repaired": Q(status=ParseStatus.REPAIRED),
        "differs": Q(differs=True),
    }
    rows = rows.filter(kinds[show]) if show in kinds else rows
    return rows.filter(Q(case__text__icontains=words) | Q(raw__icontains=words)) if words else rows


def case_counts(rows: QuerySet[CaseResult]) -> dict[str, int]:
    """How many cases each name in `SHOWN` leaves."""
    return rows.aggregate(
        all=Count("pk"),
        wrong=Count("pk", filter=Q(exact=False)),
        failed=Count("pk", filter=Q(status=ParseStatus.FAILED)),
        repaired=Count("pk", filter=Q(status=ParseStatus.REPAIRED)),
        different=Count("pk", filter=Q(differs=True)),
    )


def results_of(sample: Sample, limit: int) -> QuerySet[CaseResult]:
    """What versions answered to a sample in benchmarks, newest first."""
    rows = CaseResult.objects.filter(case__sample=sample).order_by("-id")
    return rows.select_related("case", "benchmark__version__project")[:limit]


def decisions_of(project: Project) -> list[Decision]:
    """The newest decisions of the project's experts that stand: their seconds, and whether a test case came of each."""
    cases = GoldenSample.objects.judging().filter(review=OuterRef("pk"))
    rows = Review.objects.filter(sample__project=project, undone_by=None, seconds__lte=LONGEST_SECONDS)
    rows = rows.exclude(action=Review.Action.UNDO).order_by("-pk").annotate(is_case=Exists(cases))
    return [(seconds or 0.0, is_case) for seconds, is_case in rows.values_list("seconds", "is_case")[:DECISIONS]]


def _distinct(field: str, other: Any) -> Func:
    """`IS DISTINCT FROM`: as `!=`, but a missing answer equals a missing answer."""
    return Func(
        F(field), other, template="(%(expressions)s)", arg_joiner=" IS DISTINCT FROM ", output_field=BooleanField()
    )
