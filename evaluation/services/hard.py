"""The hard cases beside a judgment: both versions asked, through the very servers, and what that says."""

from deployment.models import StagedVersion
from evaluation import gate
from evaluation.checks import Check
from evaluation.hard import check_hard, numbers_of
from evaluation.models import Benchmark, CaseResult
from evaluation.scorers import scorer_of
from evaluation.services.benchmarks import run_benchmark, start_benchmark
from evaluation.services.scoring import scored_again, scored_cases
from evaluation.services.suites import freeze_hard_suite, groups_of
from labeling.models import Project

State = Benchmark.State


def hard_benchmarks(project: Project, rows: list[StagedVersion]) -> list[Benchmark] | None:
    """The benchmarks of a version and its reference on the hard cases, done; None while one is unfinished.

    None are made (an empty list) where the project has no such cases, or there is nothing to hold the version against.
    """
    suite = freeze_hard_suite(project) if len(rows) > 1 else None
    if suite is None:
        return []
    found = []
    for row in rows:
        benchmark = start_benchmark(row, suite)
        benchmark = scored_again(benchmark) if benchmark.state == State.SUCCEEDED else run_benchmark(benchmark.pk)
        if benchmark.state != State.SUCCEEDED:
            return None
        found.append(benchmark)
    return found


def hard_checks(policy: gate.Policy, benchmarks: list[Benchmark]) -> tuple[Check, ...]:
    """What the benchmarks of `hard_benchmarks` say of the first of the two."""
    if len(benchmarks) < 2:
        return ()
    suite, scorer = benchmarks[0].suite, scorer_of(benchmarks[0].version.spec)
    groups = groups_of(suite)
    ours, theirs = (
        gate.Evidence(row.version.tag, scored_cases(row), is_base=row.version.number == 0, groups=groups)
        for row in benchmarks
    )
    marked = numbers_of(suite.cases.order_by("position").values_list("pk", "position", "reasons"))
    return check_hard(policy, scorer, ours, theirs, marked)


def lost_to(reference: Benchmark, candidate: Benchmark) -> list[CaseResult]:
    """The candidate's results on must-pass cases that it lost to the reference, in the order of the suite."""
    right = CaseResult.objects.filter(benchmark=reference, exact=True).values("case")
    rows = CaseResult.objects.filter(benchmark=candidate, exact=False, case__in=right).select_related("case__sample")
    return [row for row in rows.order_by("case__position") if row.case.must_pass]
