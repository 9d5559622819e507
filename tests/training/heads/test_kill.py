"""kill -9 of the light engine in each of its steps: the next one goes on from what was kept, to the same head."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.environment import child_environment
from tests.encoders import make_encoder
from tests.training.heads.folders import (
    TELLING,
    VOCABULARY,
    make_folder,
    some_rows,
)
from tests.workers import ROOT
from training.engine.events import read_events
from training.engine.rundir import RunDir
from training.heads.folder import WEIGHTS

pytestmark = pytest.mark.pure
LABELS = dict.fromkeys(sorted(TELLING), "")
COMMAND = [sys.executable, "-m", "training.heads", "fit", "--run"]
STRENGTHS = [1.0, 10.0]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoders") / "tiny", VOCABULARY)


def start(run: RunDir) -> "subprocess.Popen[bytes]":
    with run.log.open("ab") as log:
        return subprocess.Popen([*COMMAND, str(run.path)], cwd=ROOT, env=child_environment(), stderr=log)


def make(path: Path, encoder: Path) -> RunDir:
    return make_folder(path, encoder, some_rows(200, 1), some_rows(60, 2), LABELS, strengths=STRENGTHS)


@pytest.fixture(scope="module")
def whole(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    run = make(tmp_path_factory.mktemp("whole") / "run", encoder)
    assert start(run).wait() == 0, run.log.read_text()
    return run


def test_killed_in_each_step_it_goes_on_to_the_same_head(whole: RunDir, encoder: Path, tmp_path: Path) -> None:
    run = make(tmp_path / "run", encoder)
    total = next(event["total_steps"] for event in read_events(whole.events) if event["kind"] == "loaded")
    assert total == 3 + len(STRENGTHS) + 2
    for step in range(1, total + 1):
        engine = start(run)
        while engine.poll() is None and not reached(run, step):
            time.sleep(0.002)  # between two looks: a step takes milliseconds
        engine.kill()
        engine.wait()
        if run.complete:
            assert step >= total - 1, "only its last steps take less than a look"
            break
    assert start(run).wait() == 0, run.log.read_text()
    events = read_events(run.events)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1)), "one writer after the other"
    assert any(event["kind"] == "resumed" for event in events)
    assert (run.head / WEIGHTS).read_bytes() == (whole.head / WEIGHTS).read_bytes()
    assert not list(run.path.glob(".head-*"))
    assert not list(run.checkpoints.glob("*.npz"))


def reached(run: RunDir, step: int) -> bool:
    """The newest attempt is past its step, or as far as what was kept brought it."""
    steps = [event["step"] for event in read_events(run.events) if event["kind"] in {"checkpoint", "progress"}]
    return bool(steps) and steps[-1] >= step


def test_dying_at_one_place_again_and_again_is_no_progress(encoder: Path, tmp_path: Path) -> None:
    """A checkpoint forgives earlier attempts, so what is only taken over must not be announced as one."""
    run = make(tmp_path / "run", encoder)
    (run.path / "head").write_text("in the way: the head cannot be written")
    assert start(run).wait() != 0
    assert [event for event in read_events(run.events) if event["kind"] == "checkpoint"]
    before = len(read_events(run.events))
    assert start(run).wait() != 0
    again = [event["kind"] for event in read_events(run.events)[before:]]
    assert "progress" in again
    assert "checkpoint" not in again


def test_a_kept_piece_that_is_damaged_is_made_again(whole: RunDir, encoder: Path, tmp_path: Path) -> None:
    run = make(tmp_path / "run", encoder)
    engine = start(run)
    while not list(run.checkpoints.glob("vectors-*.npz")):
        time.sleep(0.002)  # between two looks: a step takes milliseconds
    engine.kill()
    engine.wait()
    for path in run.checkpoints.glob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    assert start(run).wait() == 0, run.log.read_text()
    assert (run.head / WEIGHTS).read_bytes() == (whole.head / WEIGHTS).read_bytes()


def test_an_orphan_ends_and_a_second_writer_is_refused(encoder: Path, tmp_path: Path) -> None:
    run = make(tmp_path / "run", encoder)
    with run.locked("somebody"):
        assert start(run).wait() == 5, "locked"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with run.log.open("ab") as log:
        orphan = [*COMMAND, str(run.path), "--supervisor-pid", str(gone.pid)]
        assert subprocess.run(orphan, cwd=ROOT, env=child_environment(), stderr=log, check=False).returncode == 6
