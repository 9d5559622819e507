"""A head's run by real workers on the queue heads: supervised, killed, resumed, paused for a person."""

import shutil

import pytest

from tests.factories import SYSTEM, make_project
from tests.heads import have_encoder, make_answers, make_head_run
from tests.without_torch import without_torch
from tests.workers import Worker, eventually, workers
from training.engine.events import read_events
from training.models import ModelVersion, RunEvent, TrainingRun
from training.services import resume_run, run_folder
from training.services.reaper import reap

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start(process_env, settings, tmp_path):
    """Workers without torch; the encoder lies in the test's own folder."""
    folder = have_encoder(settings, tmp_path / "models")
    given = {"TOUCHSTONE_MODELS": str(folder.parent), "SENTENCE_ENCODER": folder.name}
    with workers(without_torch(tmp_path / "blocked", {**process_env, **given}), tmp_path) as start:
        yield start


@pytest.fixture
def run(start) -> TrainingRun:
    project = make_project("shop")
    make_answers(project, 300)
    return make_head_run(project)


def fresh(run: TrainingRun) -> TrainingRun:
    run.refresh_from_db()
    return run


def ended(run: TrainingRun) -> bool:
    reap()
    return not fresh(run).unfinished


def test_a_killed_run_goes_on_with_another_worker(start, run):
    worker: Worker = start("heads", pool="threads")
    eventually(lambda: RunEvent.objects.filter(run=run, kind="checkpoint").exists(), 60, "it never came that far")
    worker.kill_all()
    assert fresh(run).state == "running"
    start("heads", pool="threads")
    eventually(lambda: ended(run), 120, "the run never ended")
    assert (run.state, run.error, run.attempts) == ("succeeded", "", 0)
    events = read_events(run_folder(run) / "events.jsonl")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["kind"] for event in events].count("finished") == 1
    assert any(event["kind"] == "resumed" for event in events)
    assert run.step == run.total_steps == run.metrics["steps"]
    assert ModelVersion.objects.get(run=run).method == "head"


def test_without_its_encoder_it_waits_for_a_person_and_goes_on(start, run, settings):
    away = settings.ENCODER_DIR.with_name("away")
    shutil.move(settings.ENCODER_DIR, away)
    start("heads", pool="threads")
    eventually(lambda: ended(run), 60, "the run never ended")
    assert (run.state, run.ending) == ("failed", "person")
    assert "no sentence encoder in" in run.error
    assert run.error.endswith("Then resume the run.")
    shutil.move(away, settings.ENCODER_DIR)
    resume_run(SYSTEM, run)
    eventually(lambda: ended(run), 90, "the run never ended")
    assert run.state == "succeeded"
