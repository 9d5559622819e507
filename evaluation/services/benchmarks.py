"""Ask a staged version all cases of a suite, through the server that serves it."""

import logging
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from django.db import connection
from django.utils import timezone
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from deployment.drivers import DriverError, TransportError
from deployment.models import StagedVersion
from deployment.services.serving import Answer, ask
from evaluation.metrics import Scored, count_case, is_exact, summary
from evaluation.models import Benchmark, CaseResult, Suite, SuiteCase
from evaluation.text_metrics import case_token_f1
from labeling import leases, prompts
from labeling.kinds import TEXT, Spec

logger = logging.getLogger(__name__)
State = Benchmark.State
MAX_ATTEMPTS = 3


def start_benchmark(
    staged: StagedVersion, suite: Suite, decoding: str = Benchmark.Decoding.SERVED, cases: int | None = None
) -> Benchmark:
    """The benchmark of a staged version on a suite, made once per decoding; `cases` from the suite's start, or all."""
    benchmark, _ = Benchmark.objects.get_or_create(
        suite=suite,
        staged=staged,
        decoding=decoding,
        defaults={"version": staged.version, "cases": min(cases or suite.size, suite.size)},
    )
    return benchmark


def run_benchmark(benchmark_id: int) -> Benchmark:
    """Ask the cases that have no result yet, then work out the figures. Returns quietly where another worker is at it.

    A case that the server did not answer is never scored: the benchmark is queued again, and fails after
    `MAX_ATTEMPTS`, with the error.
    """
    started = time.monotonic()
    waiting = [State.QUEUED]
    token = leases.claim(Benchmark, benchmark_id, waiting=waiting, working=State.RUNNING, error="")
    benchmark = Benchmark.objects.select_related(
        "suite", "version__spec", "version__project", "staged__server", "staged__version__project"
    ).get(pk=benchmark_id)
    if token is None:
        return benchmark
    if benchmark.started_at is None:
        leases.renew(Benchmark, benchmark_id, token, started_at=timezone.now())
    try:
        with leases.heartbeat(Benchmark, benchmark_id, token):
            _ask_all(benchmark, token)
        figures = score(benchmark) | {"wall_seconds": round(time.monotonic() - started, 1)}
        leases.finish(
            Benchmark, benchmark_id, token, state=State.SUCCEEDED, metrics=figures, finished_at=timezone.now()
        )
        logger.info("benchmark of %s: %s %.3f", benchmark, figures["main_metric"], figures["main"])
    except DriverError as error:
        again = benchmark.attempts < MAX_ATTEMPTS
        leases.finish(Benchmark, benchmark_id, token, state=State.QUEUED if again else State.FAILED, error=str(error))
        logger.warning("benchmark of %s stopped (attempt %s): %s", benchmark, benchmark.attempts, error)
    benchmark.refresh_from_db()
    return benchmark


def open_cases(benchmark: Benchmark) -> Iterator[SuiteCase]:
    """The cases still to be asked, in order."""
    done = CaseResult.objects.filter(benchmark=benchmark).values("case_id")
    cases = SuiteCase.objects.filter(suite=benchmark.suite_id, position__lt=benchmark.cases).exclude(pk__in=done)
    return cases.order_by("position").iterator()


def _ask_all(benchmark: Benchmark, token: uuid.UUID) -> None:
    """As many requests at once as the server has slots; this thread alone writes."""
    spec, free = benchmark.version.spec.to_spec(), benchmark.decoding == Benchmark.Decoding.FREE
    slots, cases = benchmark.staged.server.slots, open_cases(benchmark)
    done = CaseResult.objects.filter(benchmark=benchmark).count()
    with ThreadPoolExecutor(max_workers=slots) as pool:
        asked: dict[Future[Answer], SuiteCase] = {}
        try:
            while True:
                for case in islice(cases, slots - len(asked)):
                    asked[pool.submit(_ask, benchmark.staged, spec, case.text, free)] = case
                if not asked:
                    return
                for future in wait(asked, return_when=FIRST_COMPLETED).done:
                    _write(benchmark, spec, asked.pop(future), future.result())
                    done += 1
                leases.renew(Benchmark, benchmark.pk, token, done=done)
        finally:
            for future in asked:
                future.cancel()


@retry(
    retry=retry_if_exception_type(TransportError),
    stop=stop_after_attempt(4),
    wait=wait_exponential(multiplier=0.5, max=8),
    reraise=True,
)
def _ask(staged: StagedVersion, spec: Spec, text: str, free: bool) -> Answer:
    try:
        return ask(staged, spec, text, free=free)
    finally:
        connection.close()


def _write(benchmark: Benchmark, spec: Spec, case: SuiteCase, answer: Answer) -> None:
    scored = Scored(case.expected, answer.parsed.answer, answer.parsed.status)
    CaseResult.objects.get_or_create(
        benchmark=benchmark,
        case=case,
        defaults={
            "messages": prompts.messages(spec, case.text),
            "raw": answer.raw.replace("\x00", "\ufffd"),
            "answer": answer.parsed.answer,
            "status": answer.parsed.status,
            "reason": answer.parsed.reason,
            "exact": is_exact(scored),
            "scores": case_scores(spec.kind, scored),
            "latency_ms": answer.latency_ms,
        },
    )


def case_scores(kind: str, scored: Scored) -> dict[str, float]:
    """The figures of one case: counts and F1 of labels, or token F1 of a text."""
    if kind == TEXT:
        return {"token_f1": case_token_f1(scored)}
    counts = count_case(scored)
    return {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "f1": counts.f1}


def scored_cases(benchmark: Benchmark) -> dict[int, Scored]:
    """Every result of a benchmark as the metrics take it, by case id."""
    rows = CaseResult.objects.filter(benchmark=benchmark).values_list("case_id", "case__expected", "answer", "status")
    return {case: Scored(expected, answer, status) for case, expected, answer, status in rows.iterator()}


def score(benchmark: Benchmark) -> dict[str, object]:
    """All figures of a benchmark as JSON."""
    latencies = CaseResult.objects.filter(benchmark=benchmark).values_list("latency_ms", flat=True)
    return summary(benchmark.version.spec.kind, list(scored_cases(benchmark).values()), latencies)
