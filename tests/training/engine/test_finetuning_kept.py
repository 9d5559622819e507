"""A fine-tuning that is stopped early ends with its best pass so far, where validation rows have judged one."""

import json
from pathlib import Path

import pytest

from tests.training.heads.folders import TELLING, make_folder, some_rows
from training.engine.errors import Exit
from training.engine.events import read_events
from training.engine.finetuning.config import load_config
from training.engine.finetuning.run import Finetuning, finetune_run
from training.engine.rundir import RunDir
from training.heads.attempt import attempt
from training.heads.folder import ENCODER, WEIGHTS, load, load_proof

pytestmark = pytest.mark.ml
LABELS = dict.fromkeys(sorted(TELLING), "")
# Ten updates a pass.
OPTIONS = {"objective": "encoder", "threads": 1, "folds": 2, "epochs": 6, "learning_rate": 1e-3, "batch_size": 4}


def folder(path: Path, tunable: Path, validation: int = 60) -> RunDir:
    return make_folder(path, tunable, some_rows(40, 1), some_rows(validation, 2), LABELS, **OPTIONS)


def run_with(run: RunDir, action: str, at: int) -> Exit:
    """Train, and have the order lie there after update `at`."""

    class Ordered(Finetuning):
        def tick(self) -> None:
            if self.step == at:
                self.run.give(action)
            super().tick()

    return attempt(run.path, load_config, Ordered, lease=None, supervisor_pid=None)


def metrics_of(run: RunDir) -> dict:
    return json.loads(run.manifest.read_text())["metrics"]


def steps_of(run: RunDir, kind: str) -> list[int]:
    return [event["step"] for event in read_events(run.events) if event["kind"] == kind]


def best_of(run: RunDir) -> int:
    """The update after which the validation rows were answered best."""
    judged = [event for event in read_events(run.events) if event["kind"] == "evaluation"]
    return min(judged, key=lambda event: (-event["figure"], event["eval_loss"]))["step"]


@pytest.mark.parametrize(("at", "passes"), [(3, [10]), (10, [10]), (25, [10, 20])])
def test_it_ends_with_the_best_pass_so_far(tunable: Path, tmp_path: Path, at: int, passes: list[int]) -> None:
    run = folder(tmp_path / "run", tunable)
    assert run_with(run, "keep", at) is Exit.OK
    metrics = metrics_of(run)
    assert steps_of(run, "evaluation") == passes
    assert (metrics["steps"], metrics["kept_step"]) == (max(at, 10), best_of(run))
    assert metrics["head"]["passes"] == best_of(run) // 10
    fitted, proof = load(run.head), load_proof(run.head)
    assert len(proof.chances) == len(proof.messages) >= 60
    assert fitted.record.figures["chosen_by"] == "validation rows"
    assert metrics["figure"] is not None
    assert (run.head / ENCODER).is_dir()
    assert not run.checkpoints.exists()


def test_a_paused_run_ends_without_a_further_update(tunable: Path, tmp_path: Path) -> None:
    run = folder(tmp_path / "run", tunable)
    assert run_with(run, "pause", 25) is Exit.PAUSED
    made = steps_of(run, "step")
    run.give("keep")
    assert finetune_run(run.path) is Exit.OK
    assert steps_of(run, "step") == made
    assert metrics_of(run)["kept_step"] == best_of(run)


def test_where_parts_of_the_training_rows_choose_it_goes_on_to_its_end(tunable: Path, tmp_path: Path) -> None:
    whole, run = (folder(tmp_path / name, tunable, validation=12) for name in ("whole", "run"))
    assert finetune_run(whole.path) is Exit.OK
    assert run_with(run, "keep", 15) is Exit.OK
    assert (run.head / WEIGHTS).read_bytes() == (whole.head / WEIGHTS).read_bytes()
    assert "kept_step" not in metrics_of(run)
