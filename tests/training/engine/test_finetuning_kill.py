"""kill -9, a pause and damage while an encoder is fine-tuned: the next attempt comes to the very same weights."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from common.encoder import read_record
from common.encoder.record import FULL
from common.environment import child_environment
from tests.training.heads.folders import TELLING, make_folder, some_rows
from tests.workers import ROOT
from training.engine.errors import EngineError, Exit
from training.engine.events import read_events
from training.engine.finetuning.run import finetune_run
from training.engine.rundir import RunDir
from training.heads.folder import ENCODER, WEIGHTS

pytestmark = [pytest.mark.ml, pytest.mark.timeout(600)]
LABELS = dict.fromkeys(sorted(TELLING), "")
COMMAND = [sys.executable, "-m", "training.engine", "finetune", "--run"]
OPTIONS = {"objective": "encoder", "threads": 1, "folds": 2, "epochs": 6, "learning_rate": 1e-3, "batch_size": 4}


def start(run: RunDir) -> "subprocess.Popen[bytes]":
    environment = {**child_environment(), "OMP_NUM_THREADS": "1"}
    with run.log.open("ab") as log:
        return subprocess.Popen([*COMMAND, str(run.path)], cwd=ROOT, env=environment, stderr=log)


def in_parts(path: Path, encoder: Path) -> RunDir:
    return make_folder(path, encoder, some_rows(40, 1), some_rows(8, 2), LABELS, **OPTIONS, save_seconds=0)


def by_validation(path: Path, encoder: Path) -> RunDir:
    return make_folder(path, encoder, some_rows(40, 1), some_rows(60, 2), LABELS, **OPTIONS)


def weights_of(run: RunDir) -> tuple[bytes, str]:
    """The head, and the digest of the encoder in 32 bits."""
    return (run.head / WEIGHTS).read_bytes(), read_record(run.head / ENCODER).revision


def step_of(run: RunDir) -> int:
    steps = [event["step"] for event in read_events(run.events) if event["kind"] == "step"]
    return steps[-1] if steps else 0


def killed_once(run: RunDir, reached) -> None:
    engine = start(run)
    while engine.poll() is None and not reached():
        time.sleep(0.002)  # between two looks: an update takes milliseconds
    engine.kill()
    engine.wait()


def test_killed_in_each_part_it_goes_on_to_the_same_weights(tunable: Path, tmp_path: Path) -> None:
    whole, run = (in_parts(tmp_path / name, tunable) for name in ("whole", "run"))
    assert finetune_run(whole.path) == Exit.OK
    last = step_of(whole)
    for step in (3, last - 2):
        killed_once(run, lambda step=step: step_of(run) >= step)
        assert not run.complete
    killed_once(run, lambda: any(run.path.glob(f".head-*/{ENCODER}/{FULL}")))
    newest = max(run.checkpoints.glob("part-2/checkpoint-*"))
    (newest / "state.pt").write_bytes((newest / "state.pt").read_bytes()[:-1])
    assert start(run).wait() == 0, run.log.read_text()
    events = read_events(run.events)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1)), "one writer after the other"
    assert len([event for event in events if event["kind"] == "resumed" and event.get("checkpoint")]) >= 2
    assert any("it was set aside" in event.get("message", "") for event in events)
    assert weights_of(run) == weights_of(whole)
    assert not list(run.path.glob(".head-*"))
    assert not run.checkpoints.exists()


def paused_at(run: RunDir, step: int) -> None:
    """Have it fine-tuned in this process up to about that update."""

    def pause() -> None:
        while step_of(run) < step:
            time.sleep(0.002)  # between two looks: an update takes milliseconds
        run.give("pause")

    thread = threading.Thread(target=pause)
    thread.start()
    assert finetune_run(run.path) == Exit.PAUSED
    thread.join()


def test_a_pause_keeps_the_very_update_and_the_best_weights(tunable: Path, tmp_path: Path) -> None:
    whole, run = (by_validation(tmp_path / name, tunable) for name in ("whole", "run"))
    assert finetune_run(whole.path) == Exit.OK
    paused_at(run, step_of(whole) // 2)
    assert (run.checkpoints / "part-0").is_dir()
    assert finetune_run(run.path) == Exit.OK
    assert weights_of(run) == weights_of(whole)


def test_other_rows_are_no_place_to_go_on_from(tunable: Path, tmp_path: Path) -> None:
    run = in_parts(tmp_path / "run", tunable)
    paused_at(run, 3)
    with run.train.open("ab") as file:
        file.write(run.train.read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(EngineError, match=r"data/train\.jsonl has changed") as error:
        finetune_run(run.path)
    assert error.value.code is Exit.PERSON


def test_an_orphan_ends_and_a_second_writer_is_refused(tunable: Path, tmp_path: Path) -> None:
    run = in_parts(tmp_path / "run", tunable)
    with run.locked("somebody"):
        assert start(run).wait() == Exit.LOCKED
    orphan = [*COMMAND, str(run.path), "--supervisor-pid", str(2**22 + os.getpid())]
    with run.log.open("ab") as log:
        assert subprocess.run(orphan, cwd=ROOT, env=child_environment(), stderr=log, check=False).returncode == 6
