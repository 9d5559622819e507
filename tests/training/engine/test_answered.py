"""Validation by answers: what it finds, that it leaves no trace, what is kept by it, and when it stops the run."""

import json
from pathlib import Path

import pytest
import torch

from tests.training.engine.folders import events_of, make_rows, make_run, step_losses, write_rows
from training.engine.answering import Answering, Question
from training.engine.best import best_of
from training.engine.chat import end_ids
from training.engine.config import BaseModelConfig
from training.engine.data import encode
from training.engine.errors import Exit
from training.engine.models import load_base, load_tokenizer
from training.engine.rundir import RunDir
from training.engine.train import train

pytestmark = pytest.mark.ml
STEPS = 60


def test_the_answers_are_those_of_each_row_alone(tiny_base: Path) -> None:
    base = BaseModelConfig(name=str(tiny_base))
    tokenizer, model = load_tokenizer(base), load_base(base)
    questions = [Question.of(encode(tokenizer, row["prompt"], row["completion"])) for row in make_rows(9, seed=3)]
    found = {}
    for share, at_once in ((False, 1), (False, 4), (True, 4), (True, 16)):
        asked = Answering(tokenizer, questions, at_once=at_once, share=share)
        with torch.no_grad():
            found[share, at_once] = asked.answers(model)
    limit = max(len(question.answer) for question in questions) + 9
    ordered = sorted(questions, key=lambda question: -len(question.prompt))
    for question, answer in zip(ordered, found[False, 1], strict=True):
        ids = torch.tensor([question.prompt])
        alone = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=limit, do_sample=False
        )[0, len(question.prompt) :].tolist()
        ends = end_ids(tokenizer)
        assert answer == alone[: next((at for at, token in enumerate(alone) if token in ends), len(alone))]
    assert all(each == found[False, 1] for each in found.values())


def test_a_run_with_and_without_answers_makes_the_same_steps(tiny_base: Path, tmp_path: Path) -> None:
    """With dropout, which draws random numbers at each step."""
    options = {"max_steps": 8, "lora": {"dropout": 0.2}}
    runs = {
        "answered": make_run(tmp_path / "answered", tiny_base, eval_steps=3, **options),
        "by loss": make_run(tmp_path / "loss", tiny_base, eval_steps=2, best_by="loss", **options),
        "never": make_run(tmp_path / "never", tiny_base, **options),
    }
    (runs["never"] / "data" / "validation.jsonl").unlink()
    for run in runs.values():
        assert train(run) is Exit.OK
    assert step_losses(runs["answered"]) == step_losses(runs["by loss"]) == step_losses(runs["never"])
    weights = {(run / "adapter" / "adapter_model.safetensors").read_bytes() for run in runs.values()}
    assert len(weights) == 1, "of so few validation rows, the last step's weights are kept"
    assert all(0 <= event["figure"] <= 1 for event in events_of(runs["answered"], "evaluation"))
    assert [event["figure"] for event in events_of(runs["by loss"], "evaluation")] == [None] * 4


@pytest.fixture
def many(tiny_base: Path, tmp_path: Path) -> Path:
    """A run that gets worse, with enough validation rows to choose by."""
    options = {"max_steps": STEPS, "eval_steps": 2, "save_steps": 2, "learning_rate": 0.3, "scheduler": "constant"}
    run = make_run(tmp_path / "run", tiny_base, patience=3, **options)
    write_rows(run / "data" / "validation.jsonl", make_rows(50, seed=1))
    return run


def test_a_run_stops_after_its_patience_and_ends_with_its_best(many: Path) -> None:
    assert train(many) is Exit.OK
    evaluations = events_of(many, "evaluation")
    best = max(evaluations, key=lambda event: (event["figure"], -event["eval_loss"]))
    last = evaluations[-1]["step"]
    assert last == best["step"] + 6 < STEPS
    metrics = json.loads((many / "manifest.json").read_text())["metrics"]
    assert (metrics["steps"], metrics["kept_step"], metrics["figure"]) == (last, best["step"], best["figure"])
    kept = best_of(RunDir(many))
    assert kept is not None
    assert (kept.step, kept.figure, kept.eval_loss) == (best["step"], best["figure"], best["eval_loss"])
    files = [(many / name / "adapter_model.safetensors").read_bytes() for name in ("best", "adapter")]
    assert files[0] == files[1]


def test_patience_and_best_go_on_over_a_pause(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.training.engine.test_going_on import pause_at

    pause_at(many, 5, monkeypatch)
    assert train(many) is Exit.OK
    evaluations = {event["step"]: event for event in events_of(many, "evaluation")}
    best = max(evaluations.values(), key=lambda event: (event["figure"], -event["eval_loss"], -event["step"]))
    assert max(evaluations) == best["step"] + 6
