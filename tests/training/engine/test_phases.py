"""What a run does one after the other, and that no phase is lost or made twice."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.engine.folders import (
    events_of,
    make_rows,
    make_run,
    start_engine,
    step_losses,
    validated_figure,
    wait_until,
    write_rows,
)
from training.engine import finishing
from training.engine.best import Evaluation
from training.engine.config import EngineConfig
from training.engine.data import EncodedRows
from training.engine.dryrun import dry_run
from training.engine.errors import Exit
from training.engine.phases import CHOOSE_FROM, Phases
from training.engine.rundir import RunDir
from training.engine.runrows import RunRows
from training.engine.train import train

pytestmark = pytest.mark.ml

SELECTED = {"max_steps": 12, "eval_steps": 4, "save_steps": 2, "batch_size": 4, "refit": True}


def phases_of(folder: Path, train_rows: int, validation_rows: int, **options: Any) -> Phases:
    config = EngineConfig.model_validate({"base_model": {"name": "some/model"}, "max_steps": 40, **options})
    row: Any = {"input_ids": [1, 2], "labels": [-100, 2]}
    rows = RunRows(EncodedRows([row] * train_rows, [], 2), EncodedRows([row] * validation_rows, [], 2))
    return Phases(RunDir(folder), config, rows)


def test_few_validation_rows_choose_nothing_and_are_trained_on(tmp_path: Path) -> None:
    phases = phases_of(tmp_path, 36, CHOOSE_FROM - 1, refit=True)
    phase = phases.now()
    assert (phase.name, len(phase.train), len(phase.validation)) == ("refit", 36 + CHOOSE_FROM - 1, 0)
    assert (phases.chooses, phases.last, phase.total_steps) == (False, True, 40)
    phase = phases_of(tmp_path, 36, 14).now()
    assert (phase.name, len(phase.train), len(phase.validation)) == ("train", 36, 14)


def test_the_passes_that_were_best_are_made_over_all_rows(tmp_path: Path) -> None:
    phases = phases_of(tmp_path, 100, 50, refit=True, batch_size=4)
    first = phases.now()
    assert (first.name, len(first.train), len(first.validation)) == ("select", 100, 50)
    assert (first.recipe.updates, first.total_steps, phases.last) == (40, 40 + 60, False)
    phases.finish(30, 1000, Evaluation(20, 0.5, 0.75))
    again = phases_of(tmp_path, 100, 50, refit=True, batch_size=4)
    for each in (phases, again):
        second = each.now()
        assert (second.name, len(second.train), len(second.validation)) == ("refit", 150, 0)
        assert (second.recipe.updates, second.steps_before, second.total_steps, each.last) == (30, 30, 60, True)
        assert second.run.checkpoints == tmp_path / "checkpoints" / "phase-1"


def test_each_seed_is_a_phase(tmp_path: Path) -> None:
    phases = phases_of(tmp_path, 36, 14, seeds=3, seed=2**32 - 1)
    seeds = []
    for number in range(3):
        phase = phases.now()
        seeds.append(phase.config.seed)
        assert (phase.steps_before, phase.total_steps, phases.last) == (40 * number, 120, number == 2)
        phases.finish(40, 10, None)
    assert seeds == [2**32 - 1, 0, 1]


def selected_run(folder: Path, base: Path, **options: Any) -> Path:
    run = make_run(folder, base, rows=20, **{**SELECTED, **options})
    write_rows(run / "data" / "validation.jsonl", make_rows(CHOOSE_FROM, seed=1))
    return run


@pytest.fixture(scope="module")
def whole(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = selected_run(tmp_path_factory.mktemp("whole"), tiny_base)
    assert train(run) is Exit.OK
    return run


def weights(run: Path) -> bytes:
    return (run / "adapter" / "adapter_model.safetensors").read_bytes()


def test_a_length_is_chosen_and_all_rows_are_trained_on(whole: Path) -> None:
    evaluations = events_of(whole, "evaluation")
    assert [event["step"] for event in evaluations] == [4, 8, 12]
    best = max(evaluations, key=lambda event: (event["figure"], -event["eval_loss"]))
    metrics = json.loads((whole / "manifest.json").read_text())["metrics"]
    updates = -(-best["step"] * 70 // 20)
    assert metrics["steps"] == max(step_losses(whole)) == 12 + updates
    assert (metrics["kept_step"], metrics["figure"]) == (best["step"], best["figure"])
    assert validated_figure(whole) == pytest.approx(best["figure"])
    loaded = [(event["phase"], event["total_steps"]) for event in events_of(whole, "loaded")]
    assert loaded == [("select", 12 + 42), ("refit", 12 + updates)]
    (told,) = events_of(whole, "phase")
    assert f"Step {best['step']} was the best" in told["message"]
    assert {event["phase"] for event in events_of(whole, "step")} == {"select", "refit"}


@pytest.mark.parametrize("steps", [6, 20])
def test_a_killed_run_ends_like_an_uninterrupted_one_in_both_phases(
    whole: Path, tiny_base: Path, tmp_path: Path, steps: int
) -> None:
    run = selected_run(tmp_path, tiny_base)
    engine = start_engine(run)
    wait_until(lambda: len(events_of(run, "step")) >= steps, engine)
    engine.kill()
    engine.wait()
    assert train(run) is Exit.OK
    assert step_losses(run) == step_losses(whole)
    assert weights(run) == weights(whole)
    # What was made of a phase that is over is not made again.
    assert [event["phase"] for event in events_of(run, "loaded")].count("select") == (2 if steps < 12 else 1)


@pytest.fixture(scope="module")
def between(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed when the last step of its first phase was made, before the second began."""
    run = selected_run(tmp_path_factory.mktemp("between") / "run", tiny_base)

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finishing, "best_of", killed)
        with pytest.raises(KeyboardInterrupt):
            train(run)
    return run


def test_a_run_killed_between_its_phases_loses_none(whole: Path, between: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(between, tmp_path / "run"))
    assert train(run) is Exit.OK
    assert step_losses(run) == step_losses(whole)
    assert weights(run) == weights(whole)


@pytest.mark.parametrize("action", ["pause", "keep", "cancel"])
def test_orders_are_obeyed_in_the_second_phase(
    whole: Path, between: Path, tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    from tests.training.engine.test_keep_the_best import order_at

    # One of the three is given to a process that made the first phase itself.
    run = selected_run(tmp_path, tiny_base) if action == "keep" else Path(shutil.copytree(between, tmp_path / "run"))
    with monkeypatch.context() as patch:
        order_at(2, action, run, patch, phase="refit")
        ended = train(run)
    if action == "pause":
        assert ended is Exit.PAUSED
        assert events_of(run, "paused")[-1]["step"] == 15
        assert train(run) is Exit.OK
        assert events_of(run, "resumed")[-1]["step"] == 15
        assert weights(run) == weights(whole)
    elif action == "keep":
        assert ended is Exit.OK
        metrics = json.loads((run / "manifest.json").read_text())["metrics"]
        assert metrics["steps"] == 15
        assert weights(run) == (run / "best" / "adapter_model.safetensors").read_bytes()
    else:
        assert ended is Exit.CANCELLED
        assert not (run / "manifest.json").exists()


def test_seeds_are_averaged(tiny_base: Path, tmp_path: Path) -> None:
    options = {"max_steps": 3, "batch_size": 4, "lora": {"r": 4, "alpha": 8}}
    both = make_run(tmp_path / "both", tiny_base, rows=20, seeds=2, seed=5, **options)
    assert train(both) is Exit.OK
    alone = []
    for seed in (5, 6):
        run = make_run(tmp_path / str(seed), tiny_base, rows=20, seed=seed, **options)
        assert train(run) is Exit.OK
        alone.append(load_file(run / "adapter" / "adapter_model.safetensors"))
    joined = load_file(both / "adapter" / "adapter_model.safetensors")
    config = json.loads((both / "adapter" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (8, 16)
    for name in joined:
        if "lora_A" in name:
            up = name.replace("lora_A", "lora_B")
            mean = sum(part[up] @ part[name] for part in alone) / 2
            assert torch.allclose(joined[up] @ joined[name], mean, atol=1e-7)
    metrics = json.loads((both / "manifest.json").read_text())["metrics"]
    assert (metrics["steps"], metrics["seeds"]) == (6, 2)


def test_a_dry_run_tells_both_phases(tiny_base: Path, tmp_path: Path) -> None:
    report = dry_run(selected_run(tmp_path, tiny_base))
    assert report["refused"] == []
    assert report["updates"]["number"] == 12 + 42
    assert report["updates"]["of_it"] == {"first": 12, "after": 42}
