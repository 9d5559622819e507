"""The ladder of memory: which rung comes after which, and a run that climbs down it."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.engine.folders import events_of, make_rows, make_run, step_losses, write_rows
from training.engine.answer_loss import AnswerLossTrainer
from training.engine.config import EngineConfig
from training.engine.dryrun import dry_run
from training.engine.errors import EngineError, Exit
from training.engine.recipe import recipe_for
from training.engine.rungs import Rung, next_rung, read_rung, write_rung
from training.engine.train import train


def ladder(longest: int = 100, **options: object) -> list[str]:
    config = EngineConfig.model_validate({"base_model": {"name": "some/model"}, "max_steps": 3, **options})
    recipe, rung, found = recipe_for(config, 300), Rung(), []
    while (below := next_rung(rung, config, recipe, longest)) is not None:
        assert below.batch_size(recipe) * below.accumulation(recipe) == recipe.batch_size * recipe.accumulation
        rung, longest = below, below.max_length or longest
        found.append(rung.said(recipe))
    return found


def test_smaller_parts_come_first_then_activations_then_shorter_rows_where_they_are_allowed() -> None:
    assert ladder() == [
        "4 rows at once, 2 times an update",
        "2 rows at once, 4 times an update",
        "1 rows at once, 8 times an update",
        "1 rows at once, 8 times an update, activations computed again",
    ]
    assert ladder(batch_size=6, gradient_accumulation=2, gradient_checkpointing=False) == [
        "3 rows at once, 4 times an update",
        "1 rows at once, 12 times an update",
    ]
    assert ladder(batch_size=1, allow_shorter=True)[1:] == [
        "1 rows at once, 1 times an update, activations computed again, rows of at most 50 tokens",
        "1 rows at once, 1 times an update, activations computed again, rows of at most 25 tokens",
    ]


def test_the_rung_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    assert read_rung(path) == Rung()
    write_rung(path, Rung(4, recompute=True))
    assert read_rung(path) == Rung(4, recompute=True)
    path.write_text("{}]")
    assert read_rung(path) == Rung()


class SmallDevice:
    """A device that has memory for so many rows of so many tokens, and fails as CUDA does."""

    def __init__(self, patch: pytest.MonkeyPatch, rows: int, tokens: int = 10_000, after: int = 0) -> None:
        self.calls, compute = 0, AnswerLossTrainer.compute_loss

        def bounded(trainer: Any, model: Any, inputs: Any, *args: Any, **more: Any) -> Any:
            self.calls += 1
            found, wide = len(next(iter(inputs.values()))), inputs["input_ids"].shape[1]
            if self.calls > after and (found > rows or wide > tokens):
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 is full.")
            return compute(trainer, model, inputs, *args, **more)

        patch.setattr(AnswerLossTrainer, "compute_loss", bounded)


@pytest.mark.ml
def test_a_run_that_runs_out_goes_on_in_smaller_parts_and_learns_the_same(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"max_steps": 6, "batch_size": 8, "save_steps": 2}
    whole = make_run(tmp_path / "whole", tiny_base, rows=30, **options)
    assert train(whole) is Exit.OK
    SmallDevice(monkeypatch, rows=3, after=3)
    run = make_run(tmp_path / "run", tiny_base, rows=30, **options)
    assert train(run) is Exit.OK
    assert [(event["rows_at_once"], event["accumulation"]) for event in events_of(run, "memory")] == [(4, 2), (2, 4)]
    assert (
        "Out of memory with 8 rows at once, 1 times an update: from here on 4 rows"
        in events_of(run, "memory")[0]["message"]
    )
    assert [event["step"] for event in events_of(run, "resumed")] == [2, 2]
    assert json.loads((run / "memory.json").read_text())["parts"] == 4
    assert step_losses(run).keys() == step_losses(whole).keys()
    for step, loss in step_losses(whole).items():
        assert step_losses(run)[step] == pytest.approx(loss, rel=2e-4)


@pytest.mark.ml
def test_the_last_rungs_and_their_end(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SmallDevice(monkeypatch, rows=0)
    run = make_run(tmp_path, tiny_base, batch_size=2)
    with pytest.raises(EngineError, match="too little memory, even for 1 rows at once") as caught:
        train(run)
    assert caught.value.code is Exit.PERSON
    assert [event["recompute"] for event in events_of(run, "memory")] == [False, True]
    assert events_of(run, "failed")[0]["ending"] == "person"
    # Once there is memory, it goes on.
    monkeypatch.undo()
    assert train(run) is Exit.OK
    assert events_of(run, "loaded")[-1]["rows_at_once"] == 1


@pytest.mark.ml
def test_shorter_rows_only_where_they_are_allowed(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_rows(20)
    rows[7]["prompt"][1]["content"] *= 12
    run = make_run(tmp_path, tiny_base, batch_size=1, allow_shorter=True, max_steps=20, save_steps=5)
    write_rows(run / "data" / "train.jsonl", rows)
    SmallDevice(monkeypatch, rows=1, tokens=200)
    assert train(run) is Exit.OK
    assert events_of(run, "memory")[-1]["max_length"] is not None
    assert events_of(run, "left_out")[-1]["numbers"] == [8]
    assert events_of(run, "loaded")[-1]["train_rows"] == 19


@pytest.mark.ml
def test_a_dry_run_tells_the_rung_that_it_came_to(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SmallDevice(monkeypatch, rows=2)
    run = make_run(tmp_path, tiny_base, batch_size=4)
    report = dry_run(run)
    assert report["said"] == [
        "Out of memory with 4 rows at once, 1 times an update: from here on 2 rows at once, 2 times an update."
    ]
    assert (report["refused"], report["updates"]["number"]) == ([], 4)
    assert sorted(path.name for path in run.iterdir()) == ["config.yaml", "data"]
