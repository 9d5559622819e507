"""From case results to figures."""

from evaluation.metrics import Scored, count_case, summary
from evaluation.models import Benchmark, CaseResult
from evaluation.text_metrics import case_token_f1
from labeling.kinds import TEXT


def case_scores(kind: str, scored: Scored) -> dict[str, float]:
    """The figures of one case: counts and F1 of labels, or token F1 of a text."""
    if kind == TEXT:
        return {"token_f1": case_token_f1(scored)}
    counts = count_case(scored)
    return {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "f1": counts.f1}


def scored_cases(benchmark: Benchmark) -> dict[int, Scored]:
    """Every result of a benchmark as the metrics take it, by case id. Results hold the label names of their suite."""
    rows = CaseResult.objects.filter(benchmark=benchmark).values_list("case_id", "case__expected", "answer", "status")
    return {case: Scored(expected, answer, status) for case, expected, answer, status in rows.iterator()}


def score(benchmark: Benchmark) -> dict[str, object]:
    """All figures of a benchmark as JSON. Latencies are of the cases that were answered."""
    answered = CaseResult.objects.filter(benchmark=benchmark, latency_ms__gt=0)
    latencies = answered.values_list("latency_ms", flat=True)
    return summary(benchmark.version.spec.kind, list(scored_cases(benchmark).values()), latencies)
