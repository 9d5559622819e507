"""Numbers that run over are refused before anything is saved, and a loss that rises is said."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import TrainerCallback

from tests.training.engine.folders import events_of, make_run
from training.engine.errors import EngineError
from training.engine.events import EventLog
from training.engine.lossrise import LossRise
from training.engine.rundir import RunDir
from training.engine.stopping import Stop
from training.engine.train import Training, train


class Damage(TrainerCallback):
    """Weights that run over in the update of one step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any, **kwargs: Any) -> None:
        if state.global_step + 1 == self.step:
            next(weight for weight in model.parameters() if weight.requires_grad).data.fill_(float("nan"))


@pytest.fixture
def damage(monkeypatch: pytest.MonkeyPatch) -> Any:
    load = Training._load

    def at(step: int) -> None:
        def damaged(self: Any) -> Any:
            trainer, callback = load(self)
            trainer.callback_handler.callbacks.insert(0, Damage(step))
            return trainer, callback

        monkeypatch.setattr(Training, "_load", damaged)

    return at


@pytest.mark.ml
def test_a_checkpoint_without_numbers_is_never_written(tiny_base: Path, tmp_path: Path, damage: Any) -> None:
    """The loss is looked at every hundred steps, the weights before each save."""
    damage(4)
    run = make_run(tmp_path, tiny_base, max_steps=8, save_steps=2, logging_steps=100)
    with pytest.raises(EngineError, match="no numbers any more"):
        train(run)
    assert [path.name for path in (run / "checkpoints").glob("checkpoint-*")] == ["checkpoint-2"]
    assert events_of(run, "failed")[0]["ending"] == "failed"


@pytest.mark.ml
def test_a_validation_loss_without_number_ends_the_run(tiny_base: Path, tmp_path: Path, damage: Any) -> None:
    damage(3)
    run = make_run(tmp_path, tiny_base, max_steps=8, eval_steps=3, save_steps=8, logging_steps=100)
    with pytest.raises(EngineError, match="no number any more at step 3"):
        train(run)
    assert not (run / "best").exists()
    assert [json.loads(line)["kind"] for line in (run / "events.jsonl").read_text().splitlines()][-1] == "failed"


def test_a_loss_that_tripled_is_said_once_a_rise() -> None:
    rise = LossRise("loss", 2)
    losses = [2.0, 1.0, 0.5, 0.5, 0.6, 1.6, 1.8, 2.0, 0.4, 0.4, 1.5, 1.5]
    said = {step: sentence for step, loss in enumerate(losses, start=1) if (sentence := rise.said(step, loss))}
    assert said == {
        7: "The loss has tripled: 0.5 at step 4, 1.7 at step 7.",
        12: "The loss has tripled: 0.4 at step 10, 1.5 at step 12.",
    }


def test_a_tiny_loss_that_trebles_is_noise() -> None:
    rise = LossRise("loss", 1)
    assert [rise.said(step, loss) for step, loss in enumerate([1e-4, 4e-4, 0.04, 0.14], start=1)] == [""] * 4
    assert rise.said(5, 0.16) == "The loss has tripled: 0.05 at step 1, 0.16 at step 5."


@pytest.mark.ml
def test_the_story_of_the_run_says_so(tmp_path: Path) -> None:
    from training.engine.callbacks import RunCallback

    log = EventLog(tmp_path / "events.jsonl")
    callback = RunCallback(RunDir(tmp_path), log, Stop(), {}, keep=2)
    for step, loss in enumerate([0.5, 0.5, 0.5, 2.0, 2.0], start=1):
        state = SimpleNamespace(global_step=step, max_steps=9, epoch=0.1, num_input_tokens_seen=1)
        callback.on_log(None, state, None, {"loss": loss})  # type: ignore[arg-type]
    (warning,) = events_of(tmp_path, "warning")
    assert (warning["step"], warning["message"]) == (5, "The loss has tripled: 0.5 at step 3, 1.5 at step 5.")
