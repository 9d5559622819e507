"""A run from its folder to its manifest."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import TrainerCallback

from tests.training.engine.folders import events_of, make_rows, make_run, step_losses, write_rows
from training.engine import train as training
from training.engine.errors import EngineError, Exit
from training.engine.events import read_events
from training.engine.train import train

pytestmark = pytest.mark.ml


@pytest.fixture(scope="module")
def finished_run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = make_run(tmp_path_factory.mktemp("run"), tiny_base, max_steps=5, eval_steps=3, save_steps=2)
    assert train(run, lease="token") is Exit.OK
    return run


def test_the_events_tell_the_whole_story(finished_run: Path) -> None:
    events = read_events(finished_run / "events.jsonl")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["kind"] for event in events]
    assert kinds[:2] == ["started", "loaded"]
    assert kinds[-1] == "finished"
    assert [event["step"] for event in events_of(finished_run, "evaluation")] == [3, 5]
    step = events_of(finished_run, "step")[-1]
    assert {
        "step",
        "total_steps",
        "epoch",
        "loss",
        "learning_rate",
        "grad_norm",
        "seconds",
        "tokens",
    } <= step.keys()
    assert (step["step"], step["total_steps"]) == (5, 5)


def test_the_manifest_lists_every_file_with_its_digest(finished_run: Path) -> None:
    manifest = json.loads((finished_run / "manifest.json").read_text())
    for name, entry in manifest["files"].items():
        body = (finished_run / name).read_bytes()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (entry["size"], entry["sha256"])
    assert {"config.yaml", "data/train.jsonl", "adapter/adapter_model.safetensors"} <= manifest["files"].keys()
    assert manifest["seed"] == 42
    assert manifest["versions"]["torch"]
    assert manifest["metrics"]["steps"] == 5
    assert manifest["config"]["lora"]["r"] == 16
    assert manifest["base"]["revision"]


def test_the_manifest_is_the_last_thing_written(finished_run: Path) -> None:
    written = (finished_run / "manifest.json").stat().st_mtime_ns
    others = [path for path in finished_run.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert all(path.stat().st_mtime_ns <= written for path in others)


def test_the_adapter_has_a_model_card(finished_run: Path) -> None:
    card = (finished_run / "adapter" / "README.md").read_text()
    head = yaml.safe_load(card.split("---")[1])
    assert head["library_name"] == "peft"
    assert head["base_model"].startswith("touchstone/tiny-llama")
    assert "eval_loss" in card


def test_training_a_complete_run_again_does_nothing(finished_run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished_run.rglob("*")}
    assert train(finished_run) is Exit.OK
    assert {path: path.stat().st_mtime_ns for path in finished_run.rglob("*")} == before


def test_cancel_by_control_file(tiny_base: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path, tiny_base, max_steps=50)
    (run / "control.json").write_text('{"action": "cancel"}', encoding="utf-8")
    assert train(run) is Exit.CANCELLED
    assert [event["kind"] for event in read_events(run / "events.jsonl")] == ["cancelled"]
    assert not (run / "manifest.json").exists()


def test_pause_and_cancel_at_a_step(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.engine.callbacks import RunCallback

    run = make_run(tmp_path, tiny_base, max_steps=20)
    emit_step = RunCallback._emit_step

    def order_at(step: int, action: str) -> None:
        def emit(callback: RunCallback, state: object, logs: dict[str, object]) -> None:
            emit_step(callback, state, logs)
            if state.global_step == step:  # type: ignore[attr-defined]
                (run / "control.json").write_text(json.dumps({"action": action}), encoding="utf-8")

        monkeypatch.setattr(RunCallback, "_emit_step", emit)

    order_at(2, "pause")
    assert train(run) is Exit.PAUSED
    assert (run / "checkpoints" / "checkpoint-3" / "complete.json").is_file()
    assert not (run / "control.json").exists()
    order_at(5, "cancel")
    assert train(run) is Exit.CANCELLED
    assert [event["step"] for event in events_of(run, "resumed")] == [3]
    assert max(step_losses(run)) == 6
    assert not (run / "manifest.json").exists()


def test_rows_that_are_too_long_are_counted_and_said(tiny_base: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path, tiny_base, max_steps=1, max_length=200)
    rows = make_rows(12)
    rows[3]["prompt"][1]["content"] *= 60
    write_rows(run / "data" / "train.jsonl", rows)
    assert train(run) is Exit.OK
    (told,) = events_of(run, "left_out")
    assert (told["file"], told["rows"], told["numbers"], told["share"]) == ("train.jsonl", 1, [4], 0.0833)
    assert json.loads((run / "manifest.json").read_text())["metrics"]["rows_left_out"] == 1


def test_more_rows_left_out_than_allowed_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    rows = make_rows(6)
    rows[0]["prompt"][1]["content"] *= 60
    run = make_run(tmp_path, tiny_base, max_steps=1, max_length=200)
    write_rows(run / "data" / "train.jsonl", rows)
    with pytest.raises(EngineError, match="17% would be left out, and left_out_share allows 10%") as caught:
        train(run)
    assert caught.value.code is Exit.BAD_CONFIG
    assert events_of(run, "left_out")[0]["numbers"] == [1]
    (failed,) = events_of(run, "failed")
    assert failed["ending"] == "bad_config"
    assert train(make_run(tmp_path / "allowed", tiny_base, max_steps=1, max_length=200, left_out_share=0.2)) is Exit.OK


def test_no_row_left_fails_and_says_why(tiny_base: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path, tiny_base, max_length=10)
    with pytest.raises(EngineError, match="No training row is left"):
        train(run)
    assert "max_length is 10" in events_of(run, "failed")[0]["error"]


def test_a_base_of_another_revision_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path, tiny_base, base_model={"name": str(tiny_base), "revision": "0" * 64})
    with pytest.raises(EngineError, match="is asked for") as caught:
        train(run)
    assert caught.value.code is Exit.BAD_CONFIG


@pytest.fixture
def no_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate that no file may ask for: numbers end in the same way where the data are at fault."""
    load, wild = training.load_config, {"learning_rate": 1e30, "max_grad_norm": 1e30}
    monkeypatch.setattr(training, "load_config", lambda path: load(path).model_copy(update=wild))


def test_a_loss_that_is_no_number_fails(tiny_base: Path, tmp_path: Path, no_bounds: None) -> None:
    run = make_run(tmp_path, tiny_base, warmup_ratio=0)
    with pytest.raises(EngineError, match="no number"):
        train(run)
    assert events_of(run, "failed")


class Damage(TrainerCallback):
    """What a last step does where its numbers run over."""

    def on_train_end(self, args, state, control, model, **kwargs) -> None:
        weight = next(weight for weight in model.parameters() if weight.requires_grad)
        weight.data.fill_(float("nan"))


def test_weights_that_are_no_numbers_fail_the_run(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The damage of the last step shows in no loss: it is that of the weights before it."""
    load = training.Training._load

    def damaged(self: Any) -> Any:
        trainer, callback = load(self)
        trainer.add_callback(Damage())
        return trainer, callback

    monkeypatch.setattr(training.Training, "_load", damaged)
    run = make_run(tmp_path, tiny_base, max_steps=1, warmup_ratio=0)
    with pytest.raises(EngineError, match="weights are no numbers"):
        train(run)
    assert events_of(run, "failed")
    assert not (run / "manifest.json").exists()
    assert not (run / "adapter").exists()
