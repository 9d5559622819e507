"""How a run ends, seen from its supervisor: tried again later, waiting for a person, or failed; what is given back."""

import json
import uuid
from datetime import timedelta

import pytest
from django.db import DataError
from django.utils import timezone

from common import leases
from common.problems import ProblemError
from tests.factories import SYSTEM
from tests.training.helpers import gpu_worker_lives, make_golden, make_policy, make_run
from training.engine.errors import Exit
from training.models import RetrainPolicy, RunEvent, TrainingRun
from training.services import check_trigger, new_golden_samples, repeat_run, resume_run, supervisor
from training.services.engine_process import Ending
from training.services.reaper import reap
from training.services.triggers import FIRST_WAIT, what_holds_back

pytestmark = pytest.mark.django_db


def conclude(run: TrainingRun, code: int, said: str = "") -> TrainingRun:
    token = leases.claim(TrainingRun, run.pk, waiting=["queued"], working="running", worker="here")
    run.refresh_from_db()
    if said:
        seq = RunEvent.objects.filter(run=run).count() + 1
        RunEvent.objects.create(run=run, seq=seq, kind="failed", payload={"error": said}, at=timezone.now())
    supervisor._conclude(run, token, supervisor.prepare_folder(run), Ending(code))
    run.refresh_from_db()
    return run


def test_what_may_pass_is_tried_again_later_and_not_before(shop, sent, monkeypatch):
    run = conclude(make_run(shop), Exit.TRANSIENT, "The hub is away.")
    assert (run.state, run.ending, run.error) == ("queued", "transient", "The hub is away.")
    wait = run.retry_at - timezone.now()
    assert timedelta(seconds=25) < wait <= supervisor.BACK_OFF[0]
    started = []
    monkeypatch.setattr(supervisor, "run_engine", lambda run, *rest: started.append(run.pk) or Ending(Exit.CANCELLED))
    gpu_worker_lives()
    sent.clear()
    supervisor.execute(run.pk)
    reap()
    assert (started, sent) == ([], [])
    TrainingRun.objects.filter(pk=run.pk).update(retry_at=timezone.now() - timedelta(seconds=1))
    reap()
    assert sent == [("training.train_run", run.pk)]
    supervisor.execute(run.pk)
    assert started == [run.pk]


def test_it_waits_longer_each_time_and_then_for_a_person(shop):
    run, waits = make_run(shop), []
    for _ in range(supervisor.MAX_ATTEMPTS - 1):
        run = conclude(run, Exit.TRANSIENT, "The disk is full.")
        waits.append(run.retry_at - timezone.now())
    assert waits == sorted(waits)
    run = conclude(run, Exit.TRANSIENT, "The disk is full.")
    assert (run.state, run.ending) == ("failed", "person")
    assert run.error == "The disk is full.\nTried 5 times. Mend it, then resume the run."


@pytest.mark.parametrize(
    ("code", "ending"), [(Exit.PERSON, "person"), (Exit.FAILED, "hopeless"), (Exit.BAD_CONFIG, "hopeless")]
)
def test_what_does_not_pass_by_itself_has_failed(shop, code, ending):
    run = conclude(make_run(shop), code, "Ask for access to the base model.")
    assert (run.state, run.ending, run.error) == ("failed", ending, "Ask for access to the base model.")
    assert run.finished_at


@pytest.mark.parametrize("code", [Exit.PAUSED, -9, Exit.ORPHANED])
def test_a_run_that_was_to_pause_stands_still_however_its_engine_ended(shop, code):
    run = conclude(make_run(shop, ordered="pause"), code)
    assert (run.state, run.ordered, run.error) == ("paused", "", "")


def test_a_run_that_was_to_pause_stands_still_though_its_worker_was_lost(shop):
    past = timezone.now() - timedelta(seconds=1)
    run = make_run(shop, "running", ordered="pause", lease_token=uuid.uuid4(), lease_until=past)
    reap()
    run.refresh_from_db()
    assert (run.state, run.ordered) == ("paused", "")


def test_the_weights_of_the_shipped_base_may_be_out_of_reach_for_a_while(shop, monkeypatch):
    def away(base):
        raise ProblemError("The package index is out of reach.")

    monkeypatch.setattr(supervisor, "obtain_base", away)
    run = make_run(shop)
    supervisor.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.ending, run.error) == ("queued", "transient", "The package index is out of reach.")


def test_a_fault_of_the_worker_is_said_and_not_tried_for_ever(shop, monkeypatch):
    """Figures that no database takes were taken for a worker that is lost, five times."""

    def broken(run):
        raise DataError("invalid input syntax for type json")

    run = make_run(shop)
    folder = supervisor.prepare_folder(run)
    monkeypatch.setattr(supervisor, "run_engine", lambda *all: Ending(Exit.OK))
    monkeypatch.setattr(supervisor, "publish_version", broken)
    (folder / "manifest.json").write_text(json.dumps({"files": {}, "metrics": {}}))
    supervisor.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.ending) == ("failed", "person")
    assert "DataError: invalid input syntax" in run.error


@pytest.fixture
def triggered(shop):
    make_policy(shop, threshold=2)
    make_golden(shop, 3)
    return check_trigger(shop)


def fresh(shop) -> int:
    return new_golden_samples(RetrainPolicy.objects.get(project=shop))


def test_a_failed_run_gives_its_samples_back(shop, triggered):
    assert fresh(shop) == 0
    conclude(triggered, Exit.FAILED)
    assert fresh(shop) == 3


def test_a_run_whose_worker_was_lost_too_often_gives_them_back_too(shop, triggered):
    past = timezone.now() - timedelta(seconds=1)
    TrainingRun.objects.filter(pk=triggered.pk).update(
        state="running", attempts=supervisor.MAX_ATTEMPTS, lease_token=uuid.uuid4(), lease_until=past
    )
    reap()
    triggered.refresh_from_db()
    assert (triggered.state, triggered.ending, fresh(shop)) == ("failed", "person", 3)


def test_the_next_run_does_not_start_in_the_same_moment(shop, triggered):
    conclude(triggered, Exit.FAILED)
    assert "The last run failed" in what_holds_back(shop)
    assert check_trigger(shop) is None
    make_golden(shop, 1)
    assert check_trigger(shop) is None
    later = timezone.now() - FIRST_WAIT - timedelta(seconds=1)
    TrainingRun.objects.filter(pk=triggered.pk).update(finished_at=later)
    run = check_trigger(shop)
    assert run.snapshot.train_rows == 4
    conclude(run, Exit.FAILED)
    TrainingRun.objects.filter(pk=run.pk).update(finished_at=later)
    make_golden(shop, 1)
    assert "The last 2 runs failed" in what_holds_back(shop)


def test_without_another_sample_the_same_run_is_not_tried_again(shop, triggered):
    conclude(triggered, Exit.FAILED)
    TrainingRun.objects.filter(pk=triggered.pk).update(finished_at=timezone.now() - timedelta(days=2))
    assert check_trigger(shop) is None


def test_a_run_that_succeeded_by_hand_sets_the_trigger_free(shop, triggered):
    conclude(triggered, Exit.FAILED)
    make_run(shop, "succeeded")
    assert what_holds_back(shop) == ""
    assert check_trigger(shop) is not None


@pytest.mark.parametrize("again", [resume_run, repeat_run])
def test_whoever_goes_on_or_repeats_takes_the_samples_again(shop, triggered, again):
    conclude(triggered, Exit.PERSON)
    run = again(SYSTEM, triggered)
    assert fresh(shop) == 0
    conclude(run, Exit.FAILED)
    assert fresh(shop) == 3


def test_samples_that_a_later_run_has_counted_are_not_given_back(shop, triggered):
    TrainingRun.objects.filter(pk=triggered.pk).update(state="succeeded")
    make_golden(shop, 2)
    later = check_trigger(shop)
    TrainingRun.objects.filter(pk=triggered.pk).update(state="queued")
    conclude(triggered, Exit.FAILED)
    assert RetrainPolicy.objects.get(project=shop).counted_to == later.counted_to


def test_a_paused_run_holds_the_trigger_and_says_so(shop, triggered, client):
    from tests.factories import make_operator

    TrainingRun.objects.filter(pk=triggered.pk).update(state="paused")
    make_golden(shop, 2)
    assert check_trigger(shop) is None
    client.force_login(make_operator(shop, "olga"))
    assert "is paused: nothing starts by itself" in client.get("/projects/shop/runs/").content.decode()
