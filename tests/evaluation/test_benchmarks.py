"""A benchmark asks every case once, goes on after a crash, and never scores what the server did not answer."""

import pytest

from common import leases
from deployment.servers.drivers import PromptTooLongError, RefusedError
from evaluation.models import Benchmark, CaseResult
from evaluation.services import freeze_suite, run_benchmark, start_benchmark
from evaluation.services.benchmarks import MAX_ATTEMPTS
from tests.evaluation.worlds import make_standing, make_world, repeated, right, right_every, text_of

State = Benchmark.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def queued() -> Benchmark:
    project = make_world(cases=12)
    return start_benchmark(make_standing(project, 1), freeze_suite(project))


def test_every_case_is_asked_once_and_scored(queued, models):
    models.answer(1, right_every(2))
    done = run_benchmark(queued.pk)
    assert (done.state, done.done, done.cases) == (State.SUCCEEDED, 12, 12)
    assert len(models.texts_of(1)) == 12
    assert not repeated(models.texts_of(1))
    assert done.metrics["exact"] == 0.5
    assert done.metrics["f1_micro"] == 0.5
    assert done.metrics["psr"] == 1.0
    assert set(done.metrics["latency_ms"]) == {"p50", "p95", "p99", "max"}
    assert done.metrics["labels"]["billing"]["support"] == 4
    trace = CaseResult.objects.filter(benchmark=done).first()
    assert trace.messages[-1]["content"] == trace.case.text
    assert trace.scores == {"tp": 1, "fp": 0, "fn": 0, "f1": 1.0} or not trace.exact


def test_running_it_again_asks_nothing(queued, models):
    run_benchmark(queued.pk)
    asked = models.asked.total()
    assert run_benchmark(queued.pk).state == State.SUCCEEDED
    assert models.asked.total() == asked


def test_starting_it_twice_is_one_row(queued):
    assert start_benchmark(queued.staged, queued.suite) == queued


def test_after_a_crash_only_open_cases_are_asked(queued, models, monkeypatch):
    from evaluation.services import benchmarks

    write, seen = benchmarks._write, []

    def dies(*args):
        if len(seen) == 5:
            raise MemoryError
        seen.append(args)
        write(*args)

    monkeypatch.setattr(benchmarks, "_write", dies)
    with pytest.raises(MemoryError):
        run_benchmark(queued.pk)
    monkeypatch.undo()
    monkeypatch.setattr("evaluation.services.asking.ask", models.ask)
    assert run_benchmark(queued.pk).state == State.RUNNING, "the lease of the dead worker still holds"
    Benchmark.objects.filter(pk=queued.pk).update(lease_until="2020-01-01T00:00Z")
    models.asked.clear()
    done = run_benchmark(queued.pk)
    assert done.state == State.SUCCEEDED
    assert models.asked.total() == 7
    assert done.metrics["asked"] == 7
    assert CaseResult.objects.filter(benchmark=done).count() == 12


def test_a_server_that_is_away_is_never_a_wrong_answer(queued, models):
    models.down_after = 4
    stopped = run_benchmark(queued.pk)
    assert stopped.state == State.QUEUED
    assert "does not answer" in stopped.error
    assert stopped.metrics == {}
    assert CaseResult.objects.filter(benchmark=stopped, exact=False).count() == 0
    assert stopped.done == CaseResult.objects.filter(benchmark=stopped).count() <= 4
    models.down_after = None
    done = run_benchmark(queued.pk)
    assert (done.state, done.error, done.metrics["exact"]) == (State.SUCCEEDED, "", 1.0)


def test_a_server_that_stays_away_fails_the_benchmark_clearly(queued, models):
    models.down_after = 0
    for _ in range(MAX_ATTEMPTS):
        stopped = run_benchmark(queued.pk)
    assert stopped.state == State.FAILED
    assert "does not answer" in stopped.error
    assert not CaseResult.objects.filter(benchmark=stopped).exists()
    assert run_benchmark(queued.pk).state == State.FAILED


def test_workers_that_die_again_and_again_end_it(queued, models):
    for _ in range(MAX_ATTEMPTS):
        leases.claim(Benchmark, queued.pk, waiting=[State.QUEUED], working=State.RUNNING)
        Benchmark.objects.filter(pk=queued.pk).update(lease_until="2020-01-01T00:00Z")
    assert run_benchmark(queued.pk).state == State.FAILED


def test_one_hiccup_is_tried_again(queued, models, monkeypatch):
    failures = iter([True, False])

    def stumbles(*args, **kwargs):
        if next(failures, False):
            from deployment.servers.drivers import TransportError

            raise TransportError("once")
        return models.ask(*args, **kwargs)

    monkeypatch.setattr("evaluation.services.asking.ask", stumbles)
    assert run_benchmark(queued.pk).state == State.SUCCEEDED


def test_a_text_that_the_server_refuses_is_one_that_the_version_cannot_answer(queued, models, monkeypatch):
    def refuses(staged, spec, text, **kwargs):
        if "number 3 " in text:
            raise RefusedError("400: the prompt is longer than the context")
        return (
            models.ask(staged, spec, text, **kwargs)
            if "Message" in text
            else models.ask(staged, spec, text_of(0), **kwargs)
        )

    monkeypatch.setattr("evaluation.services.asking.ask", refuses)
    done = run_benchmark(queued.pk)
    assert done.state == State.SUCCEEDED
    refused = CaseResult.objects.get(benchmark=done, status="failed")
    assert "longer than the context" in refused.reason
    assert done.metrics["psr"] == pytest.approx(11 / 12)


def test_a_text_over_the_context_is_a_failed_case_with_its_reason(queued, models, monkeypatch):
    def refuses(staged, spec, text, **kwargs):
        if "number 3 " in text:
            raise PromptTooLongError(3036, 512)
        return models.ask(staged, spec, text, **kwargs)

    monkeypatch.setattr("evaluation.services.asking.ask", refuses)
    done = run_benchmark(queued.pk)
    failed = CaseResult.objects.get(benchmark=done, status="failed")
    assert failed.reason.startswith(
        "the text is too long: The prompt has 3036 tokens, and the model's context holds 512"
    )
    assert done.metrics["psr"] == pytest.approx(11 / 12)


def test_a_server_that_refuses_everything_fails_the_benchmark(queued, models, monkeypatch):
    def refuses(*args, **kwargs):
        raise RefusedError("401: wrong key")

    monkeypatch.setattr("evaluation.services.asking.ask", refuses)
    assert run_benchmark(queued.pk).state == State.QUEUED
    assert not CaseResult.objects.exists()


def test_free_decoding_takes_the_first_cases_and_asks_without_schema(queued, models):
    free = start_benchmark(queued.staged, queued.suite, Benchmark.Decoding.FREE, 5)
    models.answer(1, lambda text: f"Sure! Here it is: {right(text)}")
    done = run_benchmark(free.pk)
    assert done.cases == done.done == len(models.texts_of(1, free=True)) == 5
    assert (done.metrics["psr"], done.metrics["fcr"]) == (1.0, 1.0)
    assert set(CaseResult.objects.values_list("case__position", flat=True)) == set(range(5))
    assert CaseResult.objects.exclude(reason="").count() == 5


def test_the_version_is_asked_with_its_own_spec(queued, models, monkeypatch):
    project = queued.version.project
    spec = project.spec
    asked = []
    monkeypatch.setattr(
        "evaluation.services.asking.ask",
        lambda staged, spec, text, **kwargs: asked.append(spec.instruction) or models.ask(staged, spec, text, **kwargs),
    )
    spec.pk, spec.uid, spec.number, spec.instruction = (
        None,
        "8f1b7e52-4a6d-4f0e-9c55-0d6f7a3b2c11",
        2,
        "Something else.",
    )
    spec.save()
    run_benchmark(queued.pk)
    assert set(asked) == {"Tag the message."}
