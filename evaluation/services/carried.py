"""What is still to be asked in a benchmark, and what the same staged version answered before."""

from collections.abc import Iterator

from evaluation.models import Benchmark, CaseResult, SuiteCase
from evaluation.scorers import Scored, scorer_of
from labeling.answers import Status


def open_cases(benchmark: Benchmark) -> Iterator[SuiteCase]:
    """The cases still to be asked, in order."""
    done = CaseResult.objects.filter(benchmark=benchmark).values("case_id")
    cases = SuiteCase.objects.filter(suite=benchmark.suite_id, position__lt=benchmark.cases).exclude(pk__in=done)
    # Read at once: a cursor of the database would stay open through hours of asking.
    return iter(cases.order_by("position"))


def carry_over(benchmark: Benchmark) -> int:
    """Take what the staged version answered to the same inputs in its other benchmarks; how many cases it was.

    Nothing is asked twice: a suite that grew holds the cases that it held before, and most hard cases stand among those
    that chance drew. Answers are in the labels of their suite, so only those of suites with the same task are taken; a
    text that the server refused is put to it again.
    """
    wanted = {case.sample_id: case for case in open_cases(benchmark) if case.sample_id is not None}
    rows = CaseResult.objects.filter(
        benchmark__staged=benchmark.staged_id,
        benchmark__decoding=benchmark.decoding,
        benchmark__suite__spec=benchmark.suite.spec_id,
        case__sample__in=list(wanted),
        latency_ms__gt=0,
    ).exclude(benchmark=benchmark)
    newest = {row.case.sample_id: row for row in rows.select_related("case").order_by("pk")}
    taken = [
        _again(benchmark, wanted[sample], row)
        for sample, row in newest.items()
        if sample is not None and row.case.whole_input == wanted[sample].whole_input
    ]
    CaseResult.objects.bulk_create(taken, batch_size=500, ignore_conflicts=True)
    return len(taken)


def _again(benchmark: Benchmark, case: SuiteCase, row: CaseResult) -> CaseResult:
    """The same answer to a case of another suite, scored by what is right there."""
    scorer = scorer_of(benchmark.suite.spec)
    scored = Scored(case.expected, row.answer, Status(row.status))
    told = ("messages", "raw", "answer", "status", "reason", "latency_ms", "confidence")
    same = {name: getattr(row, name) for name in told}
    scores = scorer.case_scores(scored)
    return CaseResult(benchmark=benchmark, case=case, exact=scorer.is_exact(scored), scores=scores, **same)
