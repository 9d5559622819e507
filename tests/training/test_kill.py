"""kill -9 with real workers and a real training: one run, resumed, never two writers. And cancelling on the way."""

import json
from pathlib import Path

import pytest

from tests.factories import SYSTEM, make_project
from tests.training.helpers import make_base, make_golden, make_policy
from tests.workers import alive, eventually
from training.engine.events import read_events
from training.models import ModelVersion, RunEvent, TrainingRun
from training.services import cancel_run, check_trigger, keep_best, pause_run, resume_run, run_folder, start_run
from training.services.reaper import reap
from training.workers import queue_is_alive

pytestmark = [pytest.mark.ml, pytest.mark.django_db(transaction=True)]

STEPS, SAVE = 150, 10


@pytest.fixture
def run(process_env, tiny_base: Path) -> TrainingRun:
    """A queued run, long enough to be caught in the middle, started by the trigger as in life."""
    project = make_project()
    options = {"max_steps": STEPS, "save_steps": SAVE, "batch_size": 8, "threads": 1, "eval_steps": 50}
    policy = make_policy(project, threshold=30, base=make_base(tiny_base, revision=""), **options)
    make_golden(project, 32)
    make_golden(project, 4, "validation")
    found = check_trigger(project)
    assert found.profile == policy.profile
    return found


def fresh(run: TrainingRun) -> TrainingRun:
    return TrainingRun.objects.get(pk=run.pk)


def checkpointed(run: TrainingRun) -> bool:
    """In the middle: past a checkpoint, and well before the end."""
    now = fresh(run)
    assert now.state in {"queued", "running"}, now.error
    return RunEvent.objects.filter(run=run, kind="checkpoint").exists() and now.step > SAVE


def started(run: TrainingRun) -> bool:
    now = fresh(run)
    assert now.unfinished, now.error
    return now.step > 2


def reaped(run: TrainingRun) -> bool:
    """What beat does, until the run has ended."""
    reap()
    return not fresh(run).unfinished


@pytest.mark.parametrize(
    ("pool", "engine_too"), [("threads", False), ("prefork", True)], ids=["worker alone", "worker and engine"]
)
def test_a_killed_run_goes_on_once(run, start_workers, pool, engine_too):
    worker = start_workers("gpu", pool=pool)
    eventually(lambda: checkpointed(run), 120, "the run never got to a checkpoint")
    (engine,) = worker.engines
    if engine_too:
        worker.kill_all()
    else:
        worker.kill()
        assert alive(engine.pid), "the engine is left running"
    assert fresh(run).state == "running"
    assert fresh(run).step < STEPS

    # The next worker is there at once, while the orphan may still be at its last step.
    start_workers("gpu", pool=pool)
    eventually(lambda: reaped(run), 180, "the run never ended")

    run = fresh(run)
    # Each checkpoint has set the tries back.
    assert (run.state, run.step, run.attempts, run.error) == ("succeeded", STEPS, 0, "")
    assert not alive(engine.pid)
    assert TrainingRun.objects.count() == 1
    (resumed,) = RunEvent.objects.filter(run=run, kind="resumed")
    assert resumed.payload["step"] >= SAVE
    assert_one_writer(run)
    version = ModelVersion.objects.get(project=run.project)
    assert (version.number, version.run) == (1, run)
    assert len(version.adapter_digest) == 64


def assert_one_writer(run: TrainingRun) -> None:
    folder = run_folder(run)
    events = read_events(folder / "events.jsonl")
    # A second writer would have numbered its lines like the first.
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["seq"] for event in events] == list(RunEvent.objects.filter(run=run).values_list("seq", flat=True))
    assert [event["kind"] for event in events].count("finished") == 1
    resumed = next(index for index, event in enumerate(events) if event["kind"] == "resumed")
    after = [event["step"] for event in events[resumed:] if event["kind"] == "step"]
    assert after == list(range(events[resumed]["step"] + 1, STEPS + 1))
    assert [path.parent for path in folder.parent.rglob("manifest.json")] == [folder]
    assert json.loads((folder / "manifest.json").read_text())["metrics"]["steps"] == STEPS


def test_a_running_run_is_cancelled_and_the_next_one_waits_its_turn(run, start_workers):
    second = start_run(
        SYSTEM, run.project, trigger="manual", profile=run.profile, base=run.base, overrides={"max_steps": 3}
    )
    worker = start_workers("gpu", pool="threads")
    assert queue_is_alive("gpu")
    assert not queue_is_alive("build")
    eventually(lambda: started(run), 120, "the run never started")
    assert fresh(second).state == "queued"
    cancel_run(SYSTEM, run)
    eventually(lambda: fresh(run).state == "cancelled", 60, "the run was not cancelled")
    assert fresh(run).step < STEPS
    assert not (run_folder(run) / "manifest.json").exists()
    eventually(lambda: fresh(second).state == "succeeded", 120, "the next run did not follow")
    assert ModelVersion.objects.get(project=run.project).run == second
    assert not worker.engines


def test_a_run_is_paused_goes_on_and_is_stopped_with_its_best(run, start_workers):
    start_workers("gpu", pool="threads")
    eventually(lambda: started(run), 120, "the run never started")
    at = pause_run(SYSTEM, run).step
    eventually(lambda: fresh(run).state == "paused", 60, "the run was not paused")
    paused = fresh(run)
    assert at <= paused.step < STEPS
    assert (paused.attempts, paused.ordered, paused.error) == (0, "", "")
    resume_run(SYSTEM, run)
    eventually(lambda: fresh(run).step > paused.step, 120, "the run did not go on")
    (resumed,) = RunEvent.objects.filter(run=run, kind="resumed")
    assert resumed.payload["step"] == paused.step
    keep_best(SYSTEM, run)
    eventually(lambda: not fresh(run).unfinished, 60, "the run was not stopped")
    stopped = fresh(run)
    assert (stopped.state, stopped.error) == ("succeeded", "")
    assert stopped.step < STEPS
    assert stopped.metrics["kept_step"] <= stopped.step
    assert ModelVersion.objects.get(project=run.project).run == run


def test_a_run_that_cannot_train_fails_and_says_why(run, start_workers):
    hopeless = start_run(SYSTEM, run.project, trigger="manual", base=run.base, overrides={"max_length": 8})
    cancel_run(SYSTEM, run)
    start_workers("gpu", pool="threads")
    eventually(lambda: not fresh(hopeless).unfinished, 180, "the run never ended")
    hopeless = fresh(hopeless)
    assert (hopeless.state, hopeless.ending) == ("failed", "hopeless")
    assert "No training row is left" in hopeless.error
    assert not ModelVersion.objects.exists()
