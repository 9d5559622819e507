"""The trigger fires at the threshold, once, and only on what training may see."""

import threading

import pytest
from django.db import connection

from labeling import services as labeling
from tests.factories import acting, make_expert, make_project, make_sample
from tests.training.helpers import make_golden, make_policy
from training.models import RetrainPolicy, TrainingRun
from training.services import check_trigger, new_golden_samples
from training.services.triggers import check_all_triggers
from training.tasks import check_trigger as check_task

pytestmark = pytest.mark.django_db


def test_a_run_starts_at_the_threshold(shop):
    policy = make_policy(shop, threshold=3)
    make_golden(shop, 2)
    assert check_trigger(shop) is None
    make_golden(shop, 1)
    run = check_trigger(shop)
    assert (run.state, run.trigger, run.requested_by) == ("queued", "threshold", None)
    assert (run.profile, run.base, run.snapshot.train_rows) == (policy.profile, policy.base, 3)
    assert run.config["max_steps"] == 2


def test_counted_golden_samples_do_not_count_again(shop):
    policy = make_policy(shop, threshold=2)
    make_golden(shop, 2)
    TrainingRun.objects.filter(pk=check_trigger(shop).pk).update(state="succeeded")
    make_golden(shop, 1)
    policy.refresh_from_db()
    assert new_golden_samples(policy) == 1
    assert check_trigger(shop) is None
    make_golden(shop, 1)
    assert check_trigger(shop).snapshot.train_rows == 4


def test_the_test_split_does_not_count(shop):
    policy = make_policy(shop, threshold=2)
    make_golden(shop, 5, "test")
    make_golden(shop, 1, "validation")
    assert new_golden_samples(policy) == 1
    assert check_trigger(shop) is None
    make_golden(shop, 1, "train")
    assert check_trigger(shop) is not None


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_in_progress_delays(shop, state):
    make_policy(shop, threshold=1)
    make_golden(shop, 1)
    run = check_trigger(shop)
    TrainingRun.objects.filter(pk=run.pk).update(state=state)
    make_golden(shop, 1)
    assert check_trigger(shop) is None
    TrainingRun.objects.filter(pk=run.pk).update(state="succeeded")
    assert check_trigger(shop).pk != run.pk


def test_a_policy_that_is_off_starts_nothing(shop):
    policy = make_policy(shop, threshold=1)
    RetrainPolicy.objects.filter(pk=policy.pk).update(enabled=False)
    make_golden(shop, 2)
    assert check_trigger(shop) is None
    assert check_all_triggers() == 0


def test_a_project_without_a_policy_starts_nothing(shop):
    make_golden(shop, 2)
    assert check_trigger(shop) is None


def test_beat_looks_at_every_project(shop):
    other = make_project("other")
    for project in (shop, other):
        make_policy(project, threshold=1)
        make_golden(project, 1)
    assert check_all_triggers() == 2
    assert check_all_triggers() == 0


def test_a_threshold_without_train_rows_waits_and_keeps_its_count(shop):
    policy = make_policy(shop, threshold=1)
    make_golden(shop, 1, "validation")
    assert check_trigger(shop) is None
    policy.refresh_from_db()
    assert policy.counted_to == 0
    make_golden(shop, 1)
    assert check_trigger(shop) is not None


def test_the_task_leaves_unknown_projects_alone(shop):
    check_task(0)
    assert not TrainingRun.objects.exists()


def test_a_review_asks_for_the_check_after_commit(shop, sent, django_capture_on_commit_callbacks):
    make_policy(shop, threshold=1)
    make_sample(shop)
    ana = make_expert(shop, "ana")
    with django_capture_on_commit_callbacks(execute=True):
        labeling.decide(acting(ana), labeling.next_sample(acting(ana), shop), {"labels": ["billing"]})
    assert ("training.check_trigger", shop.pk) in sent


@pytest.mark.django_db(transaction=True)
def test_many_checks_at_once_start_one_run(folders, settings):
    project = make_project("rush")
    make_policy(project, threshold=2)
    make_golden(project, 3)
    gate, found = threading.Barrier(6), []

    def check() -> None:
        gate.wait()
        try:
            found.append(check_trigger(project))
        finally:
            connection.close()

    threads = [threading.Thread(target=check) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert sum(run is not None for run in found) == 1
    assert TrainingRun.objects.count() == 1
