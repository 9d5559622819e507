"""What a supervisor makes of an engine's end, and what the reaper makes of a supervisor's."""

import json
import uuid
from datetime import timedelta

import pytest
import yaml
from django.utils import timezone

from common import jsonl, leases
from tests.training.helpers import gpu_worker_lives, make_golden, make_run
from training.engine.errors import Exit
from training.models import ModelVersion, RunEvent, TrainingRun
from training.services import publish_version, run_folder, supervisor
from training.services.engine_process import Ending
from training.services.events import EventTail, summarise
from training.services.reaper import reap

pytestmark = pytest.mark.django_db


def claimed(run: TrainingRun) -> uuid.UUID:
    return leases.claim(TrainingRun, run.pk, waiting=["queued"], working="running", worker="here")


def conclude(run: TrainingRun, code: int) -> TrainingRun:
    token = claimed(run)
    run.refresh_from_db()
    folder = supervisor.prepare_folder(run)
    supervisor._conclude(run, token, folder, Ending(code))
    run.refresh_from_db()
    return run


def finished_folder(run: TrainingRun) -> None:
    folder = supervisor.prepare_folder(run)
    files = {"adapter/adapter_model.safetensors": {"size": 1, "sha256": "ab" * 32}}
    (folder / "manifest.json").write_text(json.dumps({"files": files, "metrics": {"train_loss": 0.5}}))


def test_the_folder_holds_the_resolved_configuration_and_the_rows(shop):
    make_golden(shop, 3)
    make_golden(shop, 2, "test")
    folder = supervisor.prepare_folder(make_run(shop))
    assert yaml.safe_load((folder / "config.yaml").read_text())["base_model"]["name"] == "org/some-model"
    assert len(list(jsonl.read(folder / "data" / "train.jsonl"))) == 3
    assert sorted(path.name for path in (folder / "data").iterdir()) == ["train.jsonl", "validation.jsonl"]


def test_a_run_that_succeeded_makes_one_version_and_leads_latest_to_it(shop):
    run = make_run(shop)
    finished_folder(run)
    run = conclude(run, Exit.OK)
    assert (run.state, run.metrics, run.lease_token) == ("succeeded", {"train_loss": 0.5}, None)
    version = publish_version(run)
    assert publish_version(run) == version
    assert (version.number, version.adapter_digest, version.spec) == (1, "ab" * 32, run.snapshot.spec)
    assert (run_folder(run).parent / "LATEST").read_text().strip() == run_folder(run).name
    assert ModelVersion.objects.count() == 1


def test_versions_are_numbered_without_gaps(shop):
    for number in (1, 2):
        run = make_run(shop)
        finished_folder(run)
        conclude(run, Exit.OK)
        assert run.version.number == number


@pytest.mark.parametrize("code", [Exit.LOCKED, Exit.ORPHANED, Exit.PAUSED, -9])
def test_an_engine_ended_from_outside_goes_on_later(shop, code):
    run = conclude(make_run(shop), code)
    assert (run.state, run.lease_token) == ("queued", None)
    assert run.error
    assert run.attempts == (0 if code == Exit.PAUSED else 1)


def test_an_engine_that_is_killed_again_and_again_is_given_up(shop):
    run = make_run(shop, attempts=supervisor.MAX_ATTEMPTS - 1)
    run = conclude(run, -9)
    assert run.state == "failed"
    assert "out of memory does that. Given up after 5 attempts" in run.error


def test_a_failed_run_shows_the_engines_own_reason(shop):
    run = make_run(shop)
    RunEvent.objects.create(run=run, seq=4, kind="failed", payload={"error": "Out of memory."}, at=timezone.now())
    assert conclude(run, 1).error == "Out of memory."
    silent = make_run(shop)
    (supervisor.prepare_folder(silent) / "engine.log").write_text("config.yaml cannot be used: r: too small\n")
    assert conclude(silent, 2).error == "config.yaml cannot be used: r: too small"


def test_a_run_is_claimed_once(shop, monkeypatch):
    run = make_run(shop)
    started = []
    monkeypatch.setattr(
        supervisor, "run_engine", lambda run, token, folder: started.append(run.pk) or Ending(Exit.CANCELLED)
    )
    supervisor.execute(run.pk)
    supervisor.execute(run.pk)
    run.refresh_from_db()
    assert started == [run.pk]
    assert (run.state, run.attempts) == ("cancelled", 1)


def test_whoever_lost_the_lease_writes_nothing(shop):
    run = make_run(shop)
    token = claimed(run)
    TrainingRun.objects.filter(pk=run.pk).update(lease_token=uuid.uuid4())
    with pytest.raises(leases.LeaseLostError):
        supervisor._conclude(run, token, supervisor.prepare_folder(run), Ending(Exit.CANCELLED))
    run.refresh_from_db()
    assert run.state == "running"


def silent_run(shop, **fields):
    past = timezone.now() - timedelta(seconds=1)
    return make_run(shop, "running", lease_token=uuid.uuid4(), lease_until=past, **fields)


def test_the_reaper_queues_cancels_or_fails_what_fell_silent(shop):
    lost = silent_run(shop, attempts=1)
    unwanted = silent_run(shop, attempts=1, ordered="cancel")
    hopeless = silent_run(shop, attempts=supervisor.MAX_ATTEMPTS)
    alive = make_run(shop, "running", lease_token=uuid.uuid4(), lease_until=timezone.now() + timedelta(minutes=1))
    assert reap() == 3
    states = [TrainingRun.objects.get(pk=run.pk).state for run in (lost, unwanted, hopeless, alive)]
    assert states == ["queued", "cancelled", "failed", "running"]
    assert reap() == 0


def test_the_reaper_reminds_workers_of_a_run_whose_message_was_lost(shop, sent):
    first, _ = make_run(shop), make_run(shop)
    sent.clear()
    reap()
    assert sent == []
    gpu_worker_lives()
    reap()
    assert sent == [("training.train_run", first.pk)]
    TrainingRun.objects.filter(pk=first.pk).update(state="running")
    reap()
    assert len(sent) == 1


def test_the_tail_reads_whole_lines_once(tmp_path):
    path = tmp_path / "events.jsonl"
    tail = EventTail(path, last_seq=1)
    assert tail.read() == []
    path.write_text('{"seq": 1, "kind": "started"}\n{"seq": 2, "kind": "step", "step": 1, "loss": 2.5}\n{"seq": 3, "ki')
    assert [event["seq"] for event in tail.read()] == [2]
    with path.open("a") as file:
        file.write('nd": "step", "step": 2, "loss": null}\n')
    (event,) = tail.read()
    assert summarise([event]) == {"step": 2}
    assert tail.read() == []
