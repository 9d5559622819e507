"""SIGSTOP with real workers and a real training: what hangs is ended and resumed, what is cancelled ends."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.factories import SYSTEM, make_project
from tests.training.helpers import make_base, make_golden, make_policy
from tests.workers import Worker, alive, eventually
from training.models import ModelVersion, RunEvent, TrainingRun
from training.services import cancel_run, check_trigger
from training.services.engine_process import KILL_AFTER
from training.services.reaper import reap

pytestmark = [pytest.mark.ml, pytest.mark.django_db(transaction=True)]

STEPS, SAVE = 60, 10


@pytest.fixture
def run(process_env, tiny_base: Path) -> TrainingRun:
    project = make_project()
    options = {"max_steps": STEPS, "save_steps": SAVE, "batch_size": 8, "threads": 1}
    make_policy(project, threshold=20, base=make_base(tiny_base, revision=""), **options)
    make_golden(project, 24)
    process_env |= {"SILENCE_SECONDS": "5", "LEASE_SECONDS": "6"}
    return check_trigger(project)


def fresh(run: TrainingRun) -> TrainingRun:
    return TrainingRun.objects.get(pk=run.pk)


def in_the_middle(run: TrainingRun, worker: Worker) -> int:
    """Wait for a checkpoint; the engine's process id, while it still trains."""
    eventually(lambda: RunEvent.objects.filter(run=run, kind="checkpoint").exists(), 120, "no checkpoint")
    (engine,) = worker.engines
    return engine.pid


def test_a_stopped_engine_is_ended_and_the_run_goes_on_from_its_checkpoint(run, start_workers):
    worker = start_workers("gpu", pool="threads")
    engine = in_the_middle(run, worker)
    os.kill(engine, signal.SIGSTOP)
    eventually(lambda: not alive(engine), 60, "a stopped engine was waited for")
    eventually(lambda: fresh(run).state == "succeeded", 120, fresh(run).error or "the run did not go on")
    assert fresh(run).step == STEPS
    (resumed,) = RunEvent.objects.filter(run=run, kind="resumed")
    assert resumed.payload["step"] >= SAVE
    assert "no sign of life" in worker.log.read_text()


def test_a_cancelled_run_ends_though_its_engine_is_stopped(run, start_workers, process_env):
    process_env["SILENCE_SECONDS"] = "600"
    worker = start_workers("gpu", pool="threads")
    engine = in_the_middle(run, worker)
    os.kill(engine, signal.SIGSTOP)
    asked = time.monotonic()
    cancel_run(SYSTEM, run)
    eventually(lambda: fresh(run).state == "cancelled", 60, "the run was not cancelled")
    assert time.monotonic() - asked < KILL_AFTER + 15
    assert not alive(engine)
    assert not ModelVersion.objects.exists()


def test_the_next_worker_kills_an_engine_that_was_stopped_with_its_worker(run, start_workers):
    worker = start_workers("gpu", pool="threads")
    engine = in_the_middle(run, worker)
    for pid in (engine, worker.process.pid):
        os.kill(pid, signal.SIGSTOP)
    start_workers("gpu", pool="threads")

    def ended() -> bool:
        reap()
        return not fresh(run).unfinished

    eventually(ended, 180, "the run never ended")
    assert (fresh(run).state, fresh(run).step) == ("succeeded", STEPS)
    assert not alive(engine)
    os.kill(worker.process.pid, signal.SIGCONT)
    eventually(lambda: "lease went to another worker" in worker.log.read_text(), 30, "the first worker went on")
    assert ModelVersion.objects.get(project=run.project).run == run
