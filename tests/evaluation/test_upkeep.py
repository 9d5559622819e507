"""Lost signals and killed workers delay a verdict; beat finds what is due.."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployment.models import StagedVersion
from deployment.signals import version_staged
from evaluation import tasks
from evaluation.models import Benchmark, GateReport
from evaluation.services import advance, freeze_suite, rejudge, resume, start_benchmark
from evaluation.services.upkeep import due, interrupted
from tests.evaluation.worlds import make_golden, make_live, make_standing, make_world, right_every, text_of, wrong
from tests.factories import SYSTEM

State = Benchmark.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(models):
    models.answer(0, wrong)
    project = make_world(cases=40)
    make_standing(project, 0)
    return project


def test_a_staged_version_is_sent_to_a_worker(shop, sent):
    staged = make_standing(shop, 1)
    version_staged.send(sender=StagedVersion, staged_id=staged.pk)
    assert sent == [("evaluation.advance", staged.pk)]


def test_the_sweep_sends_what_has_no_verdict(shop, sent):
    bare, staged = StagedVersion.objects.get(), make_standing(shop, 1)
    tasks.sweep()
    assert sent == [("evaluation.advance", bare.pk), ("evaluation.advance", staged.pk)]
    advance(bare.pk)
    advance(staged.pk)
    assert due() == interrupted() == []


def test_a_version_under_benchmark_is_not_sent_again_until_its_worker_is_silent(shop, sent):
    staged = make_standing(shop, 1)
    benchmark = start_benchmark(staged, freeze_suite(shop))
    Benchmark.objects.update(state=State.RUNNING, lease_until=timezone.now() + timedelta(minutes=1))
    assert staged.pk not in due()
    tasks.reap()
    assert sent == []
    Benchmark.objects.filter(pk=benchmark.pk).update(lease_until="2020-01-01T00:00Z")
    assert staged.pk in due()
    tasks.reap()
    tasks.reap()
    assert sent == [("evaluation.advance", staged.pk)], "once, however often it is looked for"


def test_a_failed_benchmark_waits_for_a_person(shop, models, sent):
    staged = make_standing(shop, 1)
    models.down_after = 0
    for _ in range(3):
        advance(staged.pk)
    assert Benchmark.objects.get(staged=staged, decoding="served").state == State.FAILED
    assert staged.pk not in due()
    models.down_after = None
    rejudge(SYSTEM, staged)
    assert sent == [("evaluation.advance", staged.pk)]
    assert advance(staged.pk).verdict == "passed"


def test_a_second_judgment_that_lost_its_worker_is_finished(shop, models):
    staged = make_standing(shop, 1)
    models.answer(1, right_every(2))
    advance(StagedVersion.objects.get(version__number=0).pk)
    advance(staged.pk)
    for number in range(40, 50):
        make_golden(shop, text_of(number))
    models.down_after = models.asked.total() + 15  # the ten new cases of the one, five of the other
    assert advance(staged.pk) is None
    (waiting,) = interrupted()
    assert Benchmark.objects.get(pk=waiting).version.number == 0
    assert due() == []
    models.down_after = None
    resume(waiting)
    assert GateReport.objects.filter(staged=staged).count() == 2
    assert GateReport.objects.filter(staged=staged).first().candidate.cases == 50
    assert interrupted() == []


def test_finishing_a_reference_does_not_judge_the_live_version_again(shop, models):
    live, staged = make_standing(shop, 1), make_standing(shop, 2)
    models.answer(1, right_every(2))
    advance(live.pk)
    make_live(live)
    for number in range(40, 50):
        make_golden(shop, text_of(number))
    suite = freeze_suite(shop)
    reference = start_benchmark(live, suite)
    start_benchmark(staged, suite)
    resume(reference.pk)
    assert GateReport.objects.filter(staged=live).count() == 1
    assert GateReport.objects.get(staged=staged).reference == reference
