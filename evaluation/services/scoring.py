"""From case results to figures."""

from django.db import transaction

from common.actor import system
from evaluation.check_latency import Timing, load_in
from evaluation.metrics import summary
from evaluation.models import Benchmark, CaseResult
from evaluation.scorers import Scored, scorer_of
from evaluation.services.suites import groups_of
from labeling.answers import Status
from labeling.services import events

_ROWS = 500


def scored_cases(benchmark: Benchmark) -> dict[int, Scored]:
    """Every result of a benchmark as the metrics take it, by case id. Results hold the label names of their suite."""
    rows = CaseResult.objects.filter(benchmark=benchmark).values_list("case_id", "case__expected", "answer", "status")
    return {case: Scored(expected, answer, status) for case, expected, answer, status in rows.iterator()}


def timing_of(benchmark: Benchmark) -> Timing:
    """How long each answered case took, by case id, and under what load."""
    rows = CaseResult.objects.filter(benchmark=benchmark, latency_ms__gt=0).values_list("case_id", "latency_ms")
    return Timing(dict(rows.iterator()), load_in(benchmark.metrics))


def score(benchmark: Benchmark) -> dict[str, object]:
    """All figures of a benchmark as JSON. Latencies are of the cases that were answered.

    `noted`: cases whose text was not read as it stands, as the server said.
    """
    noted = CaseResult.objects.filter(benchmark=benchmark, status=Status.STRICT).exclude(reason="").count()
    answered = CaseResult.objects.filter(benchmark=benchmark, latency_ms__gt=0)
    latencies = answered.values_list("latency_ms", flat=True)
    cases, groups = scored_cases(benchmark), groups_of(benchmark.suite)
    found = summary(
        scorer_of(benchmark.version.spec), list(cases.values()), latencies, groups=[groups[case] for case in cases]
    )
    return {**found, "noted": noted} if noted else found


def scored_again(benchmark: Benchmark) -> Benchmark:
    """A finished benchmark with the figure that is judged today, worked out from the answers that it kept.

    Where the figure was defined otherwise when it ran, what it had stays beside the new figures, under its own name.
    """
    if benchmark.metrics.get("main_metric") == scorer_of(benchmark.version.spec).main:
        return benchmark
    figures = score(benchmark)
    with transaction.atomic():
        locked = Benchmark.objects.select_for_update(of=("self",)).get(pk=benchmark.pk)
        before = locked.metrics
        if before.get("main_metric") != figures["main_metric"]:
            Benchmark.objects.filter(pk=benchmark.pk).update(metrics=before | figures)
            _score_cases(benchmark)
            events.record(
                system("gate"),
                "benchmark.rescored",
                benchmark,
                project=benchmark.version.project,
                before={name: before.get(name) for name in ("main_metric", "main")},
                after={name: figures[name] for name in ("main_metric", "main")},
            )
    benchmark.refresh_from_db(fields=["metrics"])
    return benchmark


def _score_cases(benchmark: Benchmark) -> None:
    """What each case has of today's figure, beside what it had."""
    scorer, changed = scorer_of(benchmark.version.spec), []
    for row in CaseResult.objects.filter(benchmark=benchmark).select_related("case").iterator(_ROWS):
        row.scores = row.scores | scorer.case_scores(Scored(row.case.expected, row.answer, Status(row.status)))
        changed.append(row)
        if len(changed) == _ROWS:
            CaseResult.objects.bulk_update(changed, ["scores"])
            changed.clear()
    CaseResult.objects.bulk_update(changed, ["scores"])
