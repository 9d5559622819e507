"""A run over flat rows is the run over padded ones, with less to compute."""

from pathlib import Path
from typing import Any

import pytest

from tests.training.engine.folders import events_of, make_run, step_losses
from training.engine.batches import layout
from training.engine.config import BaseModelConfig
from training.engine.data import encode_file
from training.engine.errors import Exit
from training.engine.models import load_tokenizer
from training.engine.train import train

pytestmark = pytest.mark.ml


def run_of(folder: Path, base: Path) -> Path:
    """All rows in each step, in two batches, so that neither the order of rows nor the batch a row is in matters."""
    options: dict[str, Any] = {"batch_size": 5, "gradient_accumulation": 2, "eval_steps": 2}
    run = make_run(folder, base, rows=10, **options)
    assert train(run) is Exit.OK
    return run


@pytest.fixture(scope="module")
def flat(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(tmp_path_factory.mktemp("flat"), tiny_base)


def test_equal_losses_gradients_and_tokens(
    flat: Path, tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "_unsuited", lambda model, longest: "the test says so")
    padded = run_of(tmp_path, tiny_base)
    assert events_of(flat, "loaded")[0]["padded_because"] is None
    assert events_of(padded, "loaded")[0]["padded_because"] == "the test says so"
    assert step_losses(flat) == pytest.approx(step_losses(padded), rel=1e-4)
    for kind, key in (("step", "grad_norm"), ("evaluation", "eval_loss"), ("step", "tokens")):
        mine = [event[key] for event in events_of(flat, kind)]
        assert mine == pytest.approx([event[key] for event in events_of(padded, kind)], rel=1e-3)


def test_tokens_are_those_of_the_rows(flat: Path, tiny_base: Path) -> None:
    """Neither padding, nor a prefix that was computed once for all rows, changes what was learnt from."""
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)))
    rows = encode_file(tokenizer, flat / "data" / "train.jsonl", 2048).rows
    whole = sum(len(row["input_ids"]) for row in rows)
    assert [event["tokens"] for event in events_of(flat, "step")] == [whole, 2 * whole, 3 * whole, 4 * whole]
