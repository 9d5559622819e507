"""Ask a staged version all cases of a suite, through the server that serves it."""

import logging
import time
import uuid
from contextlib import closing
from typing import Any

from django.db import transaction
from django.utils import timezone

from common import actor as actors
from common import leases
from common.actor import Actor
from deployment.models import StagedVersion
from deployment.servers.drivers import DriverError
from deployment.serving.predict import Answer
from evaluation.models import Benchmark, CaseResult, Suite, SuiteCase
from evaluation.scorers import Scored, scorer_of
from evaluation.services.asking import answers_to
from evaluation.services.carried import carry_over, open_cases
from evaluation.services.scoring import score
from labeling import prompts
from labeling.carrying import Carrier
from labeling.services import events

logger = logging.getLogger(__name__)
State = Benchmark.State
MAX_ATTEMPTS = 3
_GATE = actors.system("gate")


def start_benchmark(
    staged: StagedVersion, suite: Suite, decoding: str = Benchmark.Decoding.SERVED, cases: int | None = None
) -> Benchmark:
    """The benchmark of a staged version on a suite, made once per decoding; `cases` from the suite's start, or all."""
    asked = {"version": staged.version, "cases": min(cases or suite.size, suite.size)}
    with transaction.atomic():
        benchmark, created = Benchmark.objects.get_or_create(
            suite=suite, staged=staged, decoding=decoding, defaults=asked
        )
        if created:
            after = {"version": staged.version.uid, "suite": suite.digest, "decoding": decoding}
            events.record(_GATE, "benchmark.queued", benchmark, project=suite.project, after=after)
    return benchmark


def run_benchmark(benchmark_id: int) -> Benchmark:
    """Ask the cases that have no result yet, then work out the figures. Returns quietly where another worker is at it.

    What the staged version answered in other benchmarks is taken from there, so a suite that grew costs what is new.

    A case that the server did not answer is never scored: the benchmark is queued again, and fails with the error
    after `MAX_ATTEMPTS` in a row that brought no answer at all.
    """
    token = leases.claim(Benchmark, benchmark_id, waiting=[State.QUEUED], working=State.RUNNING)
    benchmark = Benchmark.objects.select_related(
        "suite__spec", "version__spec", "version__project", "staged__server", "staged__version__project"
    ).get(pk=benchmark_id)
    if token is None:
        return benchmark
    try:
        if benchmark.attempts > MAX_ATTEMPTS:
            _end(benchmark, token, State.FAILED, error=f"Given up after {MAX_ATTEMPTS} workers. {benchmark.error}")
        else:
            _work(benchmark, token)
    except leases.LeaseLostError as lost:
        logger.warning("benchmark of %s: %s", benchmark, lost)
    benchmark.refresh_from_db()
    return benchmark


def requeue_failed(actor: Actor, staged: StagedVersion) -> int:
    """Queue the failed benchmarks of a staged version again, their answered cases kept; how many there were."""
    with transaction.atomic():
        failed = list(Benchmark.objects.filter(staged=staged, state=State.FAILED).select_for_update())
        for row in failed:
            Benchmark.objects.filter(pk=row.pk).update(state=State.QUEUED, attempts=0, error="")
            events.record(
                actor, "benchmark.requeued", row, project=staged.version.project, before={"attempts": row.attempts}
            )
    return len(failed)


def _work(benchmark: Benchmark, token: uuid.UUID) -> None:
    started = time.monotonic()
    if benchmark.started_at is None:
        leases.renew(Benchmark, benchmark.pk, token, started_at=timezone.now())
    try:
        with leases.heartbeat(Benchmark, benchmark.pk, token):
            carry_over(benchmark)
            asked = _ask_open_cases(benchmark, token)
    except DriverError as error:
        # Answered cases set the count back, so only a server that gives nothing at all uses its attempts up.
        benchmark.refresh_from_db(fields=["attempts"])
        again = benchmark.attempts < MAX_ATTEMPTS
        _end(benchmark, token, State.QUEUED if again else State.FAILED, error=str(error))
        logger.warning("benchmark of %s stopped (attempt %s): %s", benchmark, benchmark.attempts, error)
        return
    figures = score(benchmark)
    # Seconds and cases of this attempt: a resumed benchmark asked the others earlier.
    figures |= {"wall_seconds": round(time.monotonic() - started, 1), "asked": asked}
    # Latencies are held against those of another version only where both were asked alike.
    figures |= {"load": {"server": benchmark.staged.server.kind, "at_once": benchmark.staged.server.slots}}
    _end(benchmark, token, State.SUCCEEDED, metrics=figures, error="", done=benchmark.cases)
    logger.info("benchmark of %s: %s %.3f", benchmark, figures["main_metric"], figures["main"])


def _end(benchmark: Benchmark, token: uuid.UUID, state: str, **values: Any) -> None:
    ended = {} if state == State.QUEUED else {"finished_at": timezone.now()}
    verb = {State.QUEUED: "benchmark.requeued", State.FAILED: "benchmark.failed"}.get(State(state))
    with transaction.atomic():
        leases.finish(Benchmark, benchmark.pk, token, state=state, **values, **ended)
        figures = values.get("metrics", {})
        after = {"state": state, **{name: figures[name] for name in ("main_metric", "main", "psr") if name in figures}}
        project = benchmark.version.project
        events.record(_GATE, verb or "benchmark.succeeded", benchmark, project=project, after=after)


def _ask_open_cases(benchmark: Benchmark, token: uuid.UUID) -> int:
    """Ask and write, case by case; how many were asked. This thread alone writes."""
    spec = benchmark.version.spec.to_spec()
    # Labels may have been renamed since the version was trained: results are kept in the names of the suite.
    carrier = Carrier(spec, benchmark.suite.spec.to_spec())
    done = asked = CaseResult.objects.filter(benchmark=benchmark).count()
    with closing(answers_to(benchmark, open_cases(benchmark))) as answers:
        for case, answer in answers:
            _write(benchmark, carrier, case, answer, prompts.messages(spec, case.whole_input, benchmark.staged.marks))
            done += 1
            leases.renew(Benchmark, benchmark.pk, token, done=done, attempts=1)
    return done - asked


def _write(
    benchmark: Benchmark, carrier: Carrier, case: SuiteCase, answer: Answer, messages: list[prompts.Message]
) -> None:
    parsed = answer.parsed
    read = None if parsed.answer is None else carrier.carry_reading(parsed.answer)
    scorer, scored = scorer_of(carrier.asked), Scored(case.expected, read, parsed.status)
    CaseResult.objects.get_or_create(
        benchmark=benchmark,
        case=case,
        defaults={
            "messages": messages,
            "raw": answer.raw.replace("\x00", "\ufffd"),  # PostgreSQL stores no NUL
            "answer": read,
            "status": parsed.status,
            "reason": parsed.words,
            "exact": scorer.is_exact(scored),
            "scores": scorer.case_scores(scored),
            "latency_ms": answer.latency_ms,
            "confidence": answer.confidence,
        },
    )
