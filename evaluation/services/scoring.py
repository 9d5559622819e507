"""From case results to figures."""

from evaluation.metrics import summary
from evaluation.models import Benchmark, CaseResult
from evaluation.scorers import Scored, scorer_of
from labeling.answers import Status


def scored_cases(benchmark: Benchmark) -> dict[int, Scored]:
    """Every result of a benchmark as the metrics take it, by case id. Results hold the label names of their suite."""
    rows = CaseResult.objects.filter(benchmark=benchmark).values_list("case_id", "case__expected", "answer", "status")
    return {case: Scored(expected, answer, status) for case, expected, answer, status in rows.iterator()}


def score(benchmark: Benchmark) -> dict[str, object]:
    """All figures of a benchmark as JSON. Latencies are of the cases that were answered.

    `noted`: cases whose text was not read as it stands, as the server said.
    """
    noted = CaseResult.objects.filter(benchmark=benchmark, status=Status.STRICT).exclude(reason="").count()
    answered = CaseResult.objects.filter(benchmark=benchmark, latency_ms__gt=0)
    latencies = answered.values_list("latency_ms", flat=True)
    found = summary(scorer_of(benchmark.version.spec), list(scored_cases(benchmark).values()), latencies)
    return {**found, "noted": noted} if noted else found
