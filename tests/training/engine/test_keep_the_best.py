"""A run that is stopped early keeps its best adapter, by the figure or the loss on the validation rows."""

import json
from pathlib import Path

import pytest

from tests.training.engine.folders import events_of, make_run, step_losses, validated_figure
from training.engine.best import Evaluation, best_of
from training.engine.callbacks import RunCallback
from training.engine.errors import Exit
from training.engine.rundir import RunDir
from training.engine.train import train

pytestmark = pytest.mark.ml


def order_at(step: int, action: str, run: Path, monkeypatch: pytest.MonkeyPatch, phase: str = "train") -> None:
    emit = RunCallback._emit_step

    def ordered(self: RunCallback, state: object, logs: dict[str, object]) -> None:
        emit(self, state, logs)  # type: ignore[arg-type]
        if state.global_step == step and (self._phase is None or self._phase.name == phase):  # type: ignore[attr-defined]
            RunDir(run).give(action)

    monkeypatch.setattr(RunCallback, "_emit_step", ordered)


@pytest.mark.parametrize("best_by", ["figure", "loss"])
def test_the_run_ends_within_a_step_and_keeps_the_best(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, best_by: str
) -> None:
    # A rate at which the validation loss rises again.
    run = make_run(
        tmp_path, tiny_base, max_steps=60, eval_steps=2, learning_rate=0.3, scheduler="constant", best_by=best_by
    )
    order_at(7, "keep", run, monkeypatch)
    assert train(run) is Exit.OK
    assert max(step_losses(run)) == 8
    evaluations = {event["step"]: event for event in events_of(run, "evaluation")}
    assert set(evaluations) == {2, 4, 6, 8}
    found = min(evaluations.values(), key=lambda event: (-(event["figure"] or 0), event["eval_loss"]))
    best, loss = found["step"], found["eval_loss"]
    metrics = json.loads((run / "manifest.json").read_text())["metrics"]
    assert (metrics["steps"], metrics["kept_step"], metrics["eval_loss"]) == (8, best, loss)
    assert best_of(RunDir(run)) == Evaluation(best, loss, found["figure"])
    if best_by == "figure":
        assert validated_figure(run) == pytest.approx(found["figure"])
    kept = [(run / name / "adapter_model.safetensors").read_bytes() for name in ("best", "adapter")]
    assert kept[0] == kept[1]


def test_without_validation_rows_the_last_step_is_kept(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, tiny_base, max_steps=60)
    (run / "data" / "validation.jsonl").unlink()
    order_at(2, "keep", run, monkeypatch)
    assert train(run) is Exit.OK
    metrics = json.loads((run / "manifest.json").read_text())["metrics"]
    assert (metrics["steps"], metrics["kept_step"], metrics["eval_loss"]) == (3, 3, None)


def test_a_paused_run_ends_without_a_further_step(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, tiny_base, max_steps=60, eval_steps=2)
    order_at(3, "pause", run, monkeypatch)
    assert train(run) is Exit.PAUSED
    RunDir(run).give("keep")
    assert train(run) is Exit.OK
    assert max(step_losses(run)) == 4
    metrics = json.loads((run / "manifest.json").read_text())["metrics"]
    assert (metrics["steps"], metrics["kept_step"]) == (4, 2)
