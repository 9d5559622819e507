"""kill -9, of the engine and of its supervisor."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.training.engine.folders import events_of, make_run, start_engine, step_losses, wait_until
from training.engine.errors import Exit
from training.engine.train import train

pytestmark = pytest.mark.ml


def test_a_killed_run_goes_on_and_ends_like_an_uninterrupted_one(tiny_base: Path, tmp_path: Path) -> None:
    options = {"max_steps": 40, "save_steps": 5, "lora": {"dropout": 0.1}, "eval_steps": 20}
    killed = make_run(tmp_path / "killed", tiny_base, **options)
    engine = start_engine(killed)
    wait_until(lambda: len(events_of(killed, "step")) >= 8, engine)
    engine.kill()
    engine.wait()
    assert not (killed / "manifest.json").exists()
    # What a kill in the middle of a save leaves behind.
    torn = killed / "checkpoints" / "checkpoint-39"
    torn.mkdir()
    (torn / "adapter_model.safetensors").write_bytes(b"half")

    assert train(killed) is Exit.OK
    resumed = events_of(killed, "resumed")
    assert len(resumed) == 1
    assert resumed[0]["step"] % 5 == 0
    assert resumed[0]["step"] >= 5
    assert not torn.exists()

    whole = make_run(tmp_path / "whole", tiny_base, **options)
    assert train(whole) is Exit.OK
    assert step_losses(killed) == step_losses(whole)
    adapters = [(run / "adapter" / "adapter_model.safetensors").read_bytes() for run in (killed, whole)]
    assert adapters[0] == adapters[1]


def test_the_engine_ends_when_its_supervisor_is_gone(tiny_base: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path, tiny_base, max_steps=100_000, save_steps=100_000)
    supervisor = subprocess.Popen(["sleep", "300"])
    engine = start_engine(run, "--supervisor-pid", str(supervisor.pid), "--lease", "mine")
    try:
        wait_until(lambda: len(events_of(run, "step")) >= 2, engine)
        assert json.loads((run / "lease.json").read_text())["token"] == "mine"
        # Not waited for: a zombie supervises nobody.
        supervisor.kill()
        assert engine.wait(timeout=15) == Exit.ORPHANED
    finally:
        supervisor.kill()
        supervisor.wait()
        engine.kill()
        engine.wait()
    assert "supervisor" in events_of(run, "warning")[0]["message"]
    assert events_of(run, "checkpoint"), "what was trained is kept for the next worker"


def test_an_engine_without_a_supervisor_does_not_start(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    engine = start_engine(make_run(tmp_path, Path("no/model")), "--supervisor-pid", str(gone.pid))
    assert engine.wait(timeout=30) == Exit.ORPHANED
