"""From which checkpoint a run goes on, and when it does not."""

import json
from pathlib import Path

import pytest

from tests.training.engine.folders import events_of, make_rows, make_run, step_losses, write_rows
from training.engine import finishing
from training.engine.errors import EngineError, Exit
from training.engine.rundir import RunDir
from training.engine.train import train

pytestmark = pytest.mark.ml


@pytest.fixture
def paused(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that has checkpoints of steps 2 and 3, and 5 steps to make."""
    return pause_at(make_run(tmp_path, tiny_base, max_steps=5, save_steps=2, logging_steps=1), 3, monkeypatch)


def pause_at(run: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    from training.engine.callbacks import RunCallback

    told, made = RunCallback.on_step_end, []

    def counted(self: RunCallback, args: object, state: object, control: object, **kwargs: object) -> None:
        made.append(1)
        if len(made) == step:
            RunDir(run).give("pause")
        told(self, args, state, control, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(RunCallback, "on_step_end", counted)
        assert train(run) is Exit.PAUSED
    assert events_of(run, "paused")[-1]["step"] == step
    return run


def test_a_damaged_checkpoint_is_set_aside_said_and_the_run_ends_like_an_undisturbed_one(
    paused: Path, tiny_base: Path, tmp_path: Path
) -> None:
    weights = paused / "checkpoints" / "checkpoint-3" / "adapter_model.safetensors"
    body = bytearray(weights.read_bytes())
    body[-1] ^= 1
    weights.write_bytes(body)
    assert train(paused) is Exit.OK
    assert [event["step"] for event in events_of(paused, "resumed")] == [2]
    assert "adapter_model.safetensors is not what was saved" in events_of(paused, "warning")[0]["message"]
    assert (paused / "checkpoints" / "damaged-3").is_dir()
    whole = make_run(tmp_path / "whole", tiny_base, max_steps=5)
    assert train(whole) is Exit.OK
    assert step_losses(paused) == step_losses(whole)


def test_a_checkpoint_that_cannot_be_loaded_is_set_aside_too(paused: Path) -> None:
    from training.engine import checkpoints

    newest = paused / "checkpoints" / "checkpoint-3"
    (newest / "optimizer.pt").write_bytes(b"no optimizer")
    checkpoints.seal(newest, checkpoints.made_of(newest))
    assert train(paused) is Exit.OK
    assert [event["step"] for event in events_of(paused, "resumed")] == [3, 2]
    assert "checkpoint-3 cannot be used" in events_of(paused, "warning")[0]["message"]


def test_a_pause_that_comes_while_it_loads_is_obeyed_before_a_step(paused: Path) -> None:
    RunDir(paused).give("pause")
    steps = len(events_of(paused, "step"))
    assert train(paused) is Exit.PAUSED
    assert events_of(paused, "paused")[-1]["step"] == 3
    assert len(events_of(paused, "step")) == steps
    assert train(paused) is Exit.OK


def test_without_any_sound_checkpoint_it_starts_anew(paused: Path) -> None:
    for checkpoint in (paused / "checkpoints").glob("checkpoint-*"):
        (checkpoint / "trainer_state.json").write_text("{}")
    assert train(paused) is Exit.OK
    assert events_of(paused, "resumed") == []
    assert len(events_of(paused, "warning")) == 2
    assert max(step_losses(paused)) == 5


def test_a_run_killed_after_its_last_step_makes_no_further_one(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five updates an epoch and twelve in all: the libraries would make a thirteenth."""
    run = make_run(tmp_path / "killed", tiny_base, rows=20, max_steps=12, batch_size=4, eval_steps=6)

    def killed(*args: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(finishing, "save_adapter", killed)
        with pytest.raises(KeyboardInterrupt):
            train(run)
    steps = len(events_of(run, "step"))
    assert train(run) is Exit.OK
    assert len(events_of(run, "step")) == steps == 12
    metrics = json.loads((run / "manifest.json").read_text())["metrics"]
    assert metrics["steps"] == 12
    whole = make_run(tmp_path / "whole", tiny_base, rows=20, max_steps=12, batch_size=4, eval_steps=6)
    assert train(whole) is Exit.OK
    adapters = [(each / "adapter" / "adapter_model.safetensors").read_bytes() for each in (run, whole)]
    assert adapters[0] == adapters[1]
    assert metrics["eval_loss"] == json.loads((whole / "manifest.json").read_text())["metrics"]["eval_loss"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lora": {"r": 8}}, "lora.r was 16 and is 8"),
        ({"max_steps": 9}, "updates was 5 and is 9"),
        ({"batch_size": 4}, "rows of an update was 8 and is 4"),
        ({"learning_rate": 1e-4}, "learning_rate was 0.0005 and is 0.0001"),
    ],
)
def test_options_that_changed_are_refused_in_words(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object], said: str
) -> None:
    kept = {"max_steps": 5, "save_steps": 2, "batch_size": 8}
    pause_at(make_run(tmp_path, tiny_base, **kept), 3, monkeypatch)
    make_run(tmp_path, tiny_base, **{**kept, **options})
    with pytest.raises(EngineError, match="cannot go on from checkpoint-3") as caught:
        train(tmp_path)
    assert said in str(caught.value)
    assert caught.value.code is Exit.PERSON
    make_run(tmp_path, tiny_base, **kept)
    assert train(tmp_path) is Exit.OK


def test_rows_that_changed_are_refused_in_words_and_go_on_once_they_are_back(paused: Path) -> None:
    before = (paused / "data" / "train.jsonl").read_bytes()
    write_rows(paused / "data" / "train.jsonl", make_rows(64, seed=9))
    with pytest.raises(EngineError, match=r"data/train\.jsonl has changed") as caught:
        train(paused)
    assert caught.value.code is Exit.PERSON
    (paused / "data" / "train.jsonl").write_bytes(before)
    assert train(paused) is Exit.OK


def test_what_only_says_how_the_work_is_done_may_change(paused: Path, tiny_base: Path) -> None:
    changed = {"batch_size": 2, "gradient_accumulation": 2, "logging_steps": 2, "keep_checkpoints": 1, "save_steps": 1}
    make_run(paused, tiny_base, max_steps=5, **changed)
    assert train(paused) is Exit.OK
    assert [event["step"] for event in events_of(paused, "resumed")] == [3]
    assert [path.name for path in (paused / "checkpoints").glob("checkpoint-*")] == ["checkpoint-5"]


def test_the_folder_of_the_base_may_be_another_one_as_on_another_host(paused: Path, tiny_base: Path) -> None:
    elsewhere = paused / "moved-base"
    elsewhere.symlink_to(tiny_base)
    make_run(paused, elsewhere, max_steps=5, save_steps=2)
    assert train(paused) is Exit.OK
    assert [event["step"] for event in events_of(paused, "resumed")] == [3]
