"""How often a fine-tuning writes checkpoints: not after each update, and more seldom where writing one takes long."""

import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.training.heads.folders import TELLING, make_folder, some_rows
from training.engine.events import read_events
from training.engine.finetuning.learning import Learner
from training.engine.finetuning.run import finetune_run
from training.engine.rundir import RunDir

pytestmark = pytest.mark.ml
LABELS = dict.fromkeys(sorted(TELLING), "")
OPTIONS = {"objective": "encoder", "threads": 1, "epochs": 3, "learning_rate": 1e-3, "batch_size": 4}
UPDATES = 3 * 10
# Of the clock of events, which is another than the one that spacing goes by.
SLACK = 0.05


def trained(path: Path, tunable: Path, save_seconds: float) -> RunDir:
    """A run that 60 validation rows judge: one part of 30 updates."""
    rows = some_rows(40, 1), some_rows(60, 2)
    run = make_folder(path, tunable, *rows, LABELS, **OPTIONS, save_seconds=save_seconds)
    finetune_run(run.path)
    return run


def times_of(run: RunDir) -> list[float]:
    """Of its checkpoints, in seconds; the last one is that of its end."""
    told = [event for event in read_events(run.events) if event["kind"] == "checkpoint"]
    assert told[-1]["step"] == UPDATES
    return [datetime.fromisoformat(event["time"]).timestamp() for event in told]


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def test_a_run_that_is_shorter_than_the_spacing_has_the_one_of_its_end(tunable: Path, tmp_path: Path) -> None:
    assert len(times_of(trained(tmp_path / "run", tunable, 3600))) == 1


def test_with_no_spacing_each_update_has_one(tunable: Path, tmp_path: Path) -> None:
    # One after each update, none after a judgement, which makes no update.
    assert len(times_of(trained(tmp_path / "run", tunable, 0))) == UPDATES


def test_they_lie_as_far_apart_as_is_asked(tunable: Path, tmp_path: Path) -> None:
    times = times_of(trained(tmp_path / "run", tunable, 0.1))
    assert len(times) < UPDATES
    assert all(gap >= 0.1 - SLACK for gap in gaps(times)[:-1])


def test_where_writing_takes_long_they_are_fewer(
    tunable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Learner._save

    def slow(self: Learner, *given: object) -> None:
        time.sleep(0.01)  # as a slow disk does; a twentieth of the time may go into that
        save(self, *given)

    monkeypatch.setattr(Learner, "_save", slow)
    times = times_of(trained(tmp_path / "run", tunable, 0.001))
    assert all(gap >= 0.2 - SLACK for gap in gaps(times)[:-1])
