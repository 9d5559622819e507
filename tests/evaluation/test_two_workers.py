"""Two workers at the same benchmark, and at the same judgment: nothing is asked or written twice."""

import threading

import pytest
from django.db import connection

from evaluation.models import Benchmark, CaseResult, GateReport
from evaluation.services import advance, freeze_suite, run_benchmark, start_benchmark
from tests.evaluation.worlds import make_standing, make_world, repeated, right_every, wrong

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Run the calls in threads of their own, as workers do; their errors are raised here."""
    errors, start = [], threading.Barrier(len(calls))

    def run(call):
        try:
            start.wait(10)
            call()
        except BaseException as error:  # noqa: BLE001  # the test must see whatever broke in a thread
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def test_a_benchmark_has_one_worker(models):
    project = make_world(cases=30)
    queued = start_benchmark(make_standing(project, 1), freeze_suite(project))
    at_once(lambda: run_benchmark(queued.pk), lambda: run_benchmark(queued.pk))
    queued.refresh_from_db()
    assert queued.state == Benchmark.State.SUCCEEDED
    assert models.asked.total() == CaseResult.objects.count() == 30


def test_two_workers_judge_once(models):
    project = make_world(cases=40)
    make_standing(project, 0)
    staged = make_standing(project, 1)
    models.answer(0, wrong)
    models.answer(1, right_every(1))
    at_once(lambda: advance(staged.pk), lambda: advance(staged.pk))
    advance(staged.pk)
    assert GateReport.objects.count() == 1
    assert not repeated(models.texts_of(1))
    assert not repeated(models.texts_of(0))


def test_a_worker_whose_lease_was_taken_stops_quietly(models, monkeypatch):
    project = make_world(cases=8)
    queued = start_benchmark(make_standing(project, 1), freeze_suite(project))
    stolen = "6f0b1cf0-0000-4000-8000-000000000001"
    teller = models.ask

    def steals(*args, **kwargs):
        Benchmark.objects.filter(pk=queued.pk).update(lease_token=stolen)
        return teller(*args, **kwargs)

    monkeypatch.setattr("evaluation.services.asking.ask", steals)
    after = run_benchmark(queued.pk)
    assert (after.state, str(after.lease_token)) == (Benchmark.State.RUNNING, stolen)
    assert after.metrics == {}
