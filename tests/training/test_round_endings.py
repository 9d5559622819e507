"""Rounds that end badly, go on, are repeated, or meet what was not foreseen."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from common.problems import ConflictError
from labeling.models import Event
from tests.factories import SYSTEM, make_project
from tests.training.helpers import make_golden, make_policy
from tests.training.test_rounds import MANUAL, end, listed, other_base, started  # noqa: F401  (a fixture)
from training import higher
from training.models import RetrainMethod, RetrainPolicy, TrainingRound, TrainingRun
from training.services import check_trigger, repeat_run, resume_run, retrain
from training.services.settling import settle, settle_due
from training.services.triggers import FIRST_WAIT, what_holds_back
from training.standing import round_of

pytestmark = pytest.mark.django_db


def fails(run: TrainingRun) -> TrainingRun:
    TrainingRun.objects.filter(pk=run.pk).update(ending="person")
    return end(run, state="failed")


def test_the_only_one_measured_cannot_serve(shop, listed, monkeypatch):  # noqa: F811
    round, (one, two) = started(shop)
    TrainingRun.objects.filter(pk=one.pk).update(config={**one.config, "objective": "lm_head"})
    end(one, right=50)
    end(two)
    monkeypatch.setattr(higher, "_obstacles", [lambda project, way: "No server." if way.name == "lm_head" else ""])
    assert settle(round.pk).candidate == two
    assert "None that can serve has answered validation rows" in round_of(two).sentence


def test_a_round_that_cannot_be_settled_stops_no_other(shop, listed, monkeypatch):  # noqa: F811
    broken, runs = started(shop)
    other = make_project("other")
    policy = make_policy(other, threshold=3)
    RetrainMethod.objects.create(project=other, method="sft", profile=policy.profile, base=runs[1].base)
    make_golden(other, 3)
    round, others = started(other)
    for run in (*runs, *others):
        end(run, right=10)

    def pace(asked):
        if asked[0].project_id == shop.pk:
            raise KeyError("not foreseen")
        return {}

    monkeypatch.setattr(higher, "_paces", [pace])
    assert settle_due() == 1
    broken.refresh_from_db()
    round.refresh_from_db()
    assert (broken.state, round.state) == ("open", "settled")


def test_who_cancels_all_runs_of_a_round_does_not_start_it_again(shop, listed):  # noqa: F811
    round, runs = started(shop)
    for run in runs:
        end(run, state="cancelled")
    assert settle(round.pk).state == "failed"
    assert RetrainPolicy.objects.get().counted_to == round.counted_to
    assert check_trigger(shop) is None


def test_a_round_is_refused_where_one_of_its_runs_is_there(shop, listed):  # noqa: F811
    first = retrain(SYSTEM, shop, trigger=MANUAL)
    RetrainMethod.objects.create(project=shop, method="lm_head", profile=listed.profile, base=listed.base)
    with pytest.raises(ConflictError, match="is queued on this very snapshot"):
        retrain(SYSTEM, shop, trigger=MANUAL, snapshot=first.snapshot)
    assert TrainingRound.objects.count() == 1
    assert TrainingRun.objects.count() == 2
    assert retrain(SYSTEM, shop, trigger=MANUAL, snapshot=first.snapshot, again=True).round.runs.count() == 3


def test_a_round_that_failed_counts_as_one_failure(shop, listed):  # noqa: F811
    round, runs = started(shop)
    for run in runs:
        fails(run)
    settle(round.pk)
    assert "The last run failed" in what_holds_back(shop)
    make_golden(shop, 1)
    later = timezone.now() - FIRST_WAIT - timedelta(seconds=1)
    TrainingRun.objects.update(finished_at=later)
    again, runs = started(shop)
    for run in runs:
        fails(run)
    settle(again.pk)
    assert "The last 2 runs failed" in what_holds_back(shop)


def test_a_run_is_repeated_once_its_round_has_ended_and_takes_the_samples(shop, listed):  # noqa: F811
    round, (one, two) = started(shop)
    fails(one)
    with pytest.raises(ConflictError, match="round of this run has not ended"):
        repeat_run(SYSTEM, one)
    fails(two)
    settle(round.pk)
    assert RetrainPolicy.objects.get().counted_to == 0
    one = TrainingRun.objects.get(pk=one.pk)
    again = repeat_run(SYSTEM, one)
    assert (again.round, again.counted_from, again.counted_to) == (None, 0, round.counted_to)
    assert RetrainPolicy.objects.get().counted_to == round.counted_to


def test_a_run_that_goes_on_opens_its_round_again_and_that_is_recorded(shop, listed):  # noqa: F811
    round, (one, two) = started(shop)
    fails(one)
    fails(two)
    settle(round.pk)
    resume_run(SYSTEM, TrainingRun.objects.get(pk=one.pk))
    round.refresh_from_db()
    assert round.state == "open"
    assert Event.objects.filter(verb="round.reopened", subject_uid=round.uid).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_round_is_not_ended_while_one_of_its_runs_is_taken_up_again(folders, settings):
    project = make_project("rush")
    policy = make_policy(project, threshold=3)
    RetrainMethod.objects.create(project=project, method="sft", profile=policy.profile, base=other_base())
    make_golden(project, 3)
    round, runs = started(project)
    for run in runs:
        fails(run)
    found = []

    def settling() -> None:
        try:
            found.append(settle(round.pk))
        finally:
            connection.close()

    thread = threading.Thread(target=settling)
    with transaction.atomic():
        resume_run(SYSTEM, TrainingRun.objects.get(pk=runs[0].pk))
        thread.start()
        thread.join(timeout=2)
        assert thread.is_alive(), "it waits for who takes the run up"
    thread.join(timeout=30)
    round.refresh_from_db()
    assert (found, round.state) == ([None], "open")
    assert RetrainPolicy.objects.get().counted_to == round.counted_to
