"""Who may write to a run folder, and which checkpoints in it can be trusted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.engine.folders import ROOT, make_run
from training.engine import checkpoints
from training.engine.errors import Exit
from training.engine.rundir import RunDir


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    run = make_run(tmp_path, Path("no/model"))
    with RunDir(run).locked("first-lease"):
        second = subprocess.run(
            [sys.executable, "-m", "training.engine", "train", "--run", str(run), "--lease", "second-lease"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert json.loads((run / "lease.json").read_text())["token"] == "first-lease"
    assert second.returncode == Exit.LOCKED
    assert "first-lease" in second.stderr
    assert not (run / "events.jsonl").exists()


def test_orders_are_read_and_a_pause_is_used_up(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    assert run.order() is None
    run.control.write_text('{"action": "pau', encoding="utf-8")
    assert run.order() is None
    run.control.write_text('{"action": "pause"}', encoding="utf-8")
    assert run.order() is Exit.PAUSED
    run.obeyed(Exit.PAUSED)
    assert run.order() is None
    run.control.write_text('{"action": "cancel"}', encoding="utf-8")
    run.obeyed(Exit.CANCELLED)
    assert run.order() is Exit.CANCELLED


@pytest.fixture
def two_checkpoints(tmp_path: Path) -> Path:
    for step in (9, 10):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "optimizer.pt").write_bytes(b"x" * step)
        checkpoints.seal(folder)
    return tmp_path


def test_the_newest_complete_checkpoint_wins(two_checkpoints: Path) -> None:
    newest = checkpoints.newest_complete(two_checkpoints)
    assert newest is not None
    assert checkpoints.step_of(newest) == 10


def test_half_written_checkpoints_are_removed(two_checkpoints: Path) -> None:
    (two_checkpoints / "checkpoint-10" / "optimizer.pt").write_bytes(b"x")
    unsealed = two_checkpoints / "checkpoint-11"
    unsealed.mkdir()
    newest = checkpoints.newest_complete(two_checkpoints)
    assert newest is not None
    assert [path.name for path in two_checkpoints.iterdir()] == ["checkpoint-9"]


def test_no_checkpoint_at_all(tmp_path: Path) -> None:
    assert checkpoints.newest_complete(tmp_path / "none") is None
