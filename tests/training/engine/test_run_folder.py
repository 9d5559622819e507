"""Who may write to a run folder, and which checkpoints in it can be trusted."""

import json
import os
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
    assert f"process {os.getpid()} on" in second.stderr
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
    run.give("keep")
    assert run.order() is Exit.OK
    run.give("")
    assert run.order() is None


@pytest.fixture
def two_checkpoints(tmp_path: Path) -> Path:
    for step in (9, 10):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "optimizer.pt").write_bytes(b"x" * step)
        checkpoints.seal(folder, {"updates": 20})
    return tmp_path


def test_the_newest_sound_checkpoint_wins(two_checkpoints: Path) -> None:
    newest, said = checkpoints.newest_sound(two_checkpoints)
    assert newest is not None
    assert (checkpoints.step_of(newest), said) == (10, [])
    assert checkpoints.made_of(newest) == {"updates": 20}


def test_half_written_checkpoints_are_removed(two_checkpoints: Path) -> None:
    (two_checkpoints / "checkpoint-11").mkdir()
    newest, said = checkpoints.newest_sound(two_checkpoints)
    assert newest is not None
    assert (newest.name, said) == ("checkpoint-10", [])
    assert sorted(path.name for path in two_checkpoints.iterdir()) == ["checkpoint-10", "checkpoint-9"]


@pytest.mark.parametrize("damage", ["same size", "gone", "more", "no seal that can be read"])
def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_it_is_tried(two_checkpoints: Path, damage: str) -> None:
    newest = two_checkpoints / "checkpoint-10"
    if damage == "same size":
        (newest / "optimizer.pt").write_bytes(b"y" * 10)
    elif damage == "gone":
        (newest / "optimizer.pt").unlink()
    elif damage == "more":
        (newest / "stray.bin").write_bytes(b"")
    else:
        (newest / "complete.json").write_text("[]")
    (two_checkpoints / "damaged-3").mkdir()
    sound, (sentence,) = checkpoints.newest_sound(two_checkpoints)
    assert sound == two_checkpoints / "checkpoint-9"
    assert "checkpoint-10 cannot be used (" in sentence
    assert sorted(path.name for path in two_checkpoints.iterdir()) == ["checkpoint-9", "damaged-10"]


def test_no_checkpoint_at_all(tmp_path: Path) -> None:
    assert checkpoints.newest_sound(tmp_path / "none") == (None, [])
