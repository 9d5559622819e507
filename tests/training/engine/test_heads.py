"""A run that trains a classification head: what it learns, what it leaves behind, and that a kill costs it nothing."""

import json
from pathlib import Path

import pytest

from common import jsonl
from tests.training.engine.folders import (
    events_of,
    make_run,
    start_engine,
    step_losses,
    validated_figure,
    wait_until,
    write_rows,
)
from training.engine.errors import EngineError, Exit
from training.engine.heads.classify import classify_file
from training.engine.heads.targets import Targets, asked_ids, labels_in
from training.engine.merge import merge_run
from training.engine.rundir import RunDir
from training.engine.train import train

pytestmark = pytest.mark.ml

HEAD = {"objective": "lm_head", "instruction": "Tag it.", "learning_rate": 2e-3}


def row(text: str, answer: object) -> dict[str, object]:
    completion = answer if isinstance(answer, str) else json.dumps(answer)
    prompt = [{"role": "system", "content": "Labels: a, b"}, {"role": "user", "content": text}]
    return {"prompt": prompt, "completion": [{"role": "assistant", "content": completion}]}


def written(folder: Path, rows: list[dict[str, object]]) -> RunDir:
    write_rows(folder / "data" / "train.jsonl", rows)
    return RunDir(folder)


def classified(run: Path, *texts: str) -> list[dict[str, object]]:
    write_rows(run / "asked.jsonl", [{"text": text} for text in texts])
    assert classify_file(run, run / "asked.jsonl", run / "told.jsonl") == len(texts)
    return list(jsonl.read(run / "told.jsonl"))


def test_it_learns_several_labels_and_tells_their_probabilities(tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    run = make_run(tmp_path / "run", tiny_base, max_steps=40, eval_steps=20, **HEAD)
    assert train(run) is Exit.OK
    figures = [event["figure"] for event in events_of(run, "evaluation")]
    assert figures[-1] > 0.7
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["metrics"]["figure"] == pytest.approx(figures[-1]) == pytest.approx(validated_figure(run))
    assert manifest["head"]["labels"] == ["billing", "delivery", "login"]
    assert manifest["head"]["several"] is True
    assert 0 < manifest["head"]["threshold"] < 1
    assert "adapter/head.safetensors" in manifest["files"]
    kept = load_file(run / "adapter" / "head.safetensors")
    assert {name: len(weight) for name, weight in kept.items()} == {"weight": 3, "bias": 3}
    # The adapter alone brings the same head back.
    (own,) = [
        value for name, value in load_file(run / "adapter" / "adapter_model.safetensors").items()
        if name.endswith("lm_head.weight")
    ]  # fmt: skip
    assert bool((own == kept["weight"]).all())

    one, both = classified(run, "charged twice please", "parcel is late and locked out please")
    for told, likeliest in ((one, "billing"), (both, "delivery")):
        given: dict[str, float] = told["probabilities"]  # type: ignore[assignment]
        assert set(given) == {"billing", "delivery", "login"}
        assert max(given, key=lambda label: given[label]) == likeliest
        threshold = manifest["head"]["threshold"]
        assert told["labels"] == [label for label, value in given.items() if value >= threshold]
    with pytest.raises(EngineError, match="writes no text"):
        merge_run(run, tmp_path / "merged")


def test_a_killed_run_goes_on_and_ends_like_an_uninterrupted_one(tiny_base: Path, tmp_path: Path) -> None:
    options = {"max_steps": 16, "save_steps": 4, "eval_steps": 8, **HEAD}
    killed, whole = (make_run(tmp_path / name, tiny_base, **options) for name in ("killed", "whole"))
    engine = start_engine(killed)
    wait_until(lambda: len(events_of(killed, "step")) >= 6, engine)
    engine.kill()
    engine.wait()
    assert not (killed / "manifest.json").exists()
    assert train(killed) is train(whole) is Exit.OK
    assert [event["step"] % 4 for event in events_of(killed, "resumed")] == [0]
    assert step_losses(killed) == step_losses(whole)
    for name in ("adapter_model.safetensors", "head.safetensors"):
        assert (killed / "adapter" / name).read_bytes() == (whole / "adapter" / name).read_bytes()


def test_one_label_a_text_and_no_validation_rows(tiny_base: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path, tiny_base, max_steps=20, **HEAD)
    (run / "data" / "validation.jsonl").unlink()
    written(run, [row(f"{word} please", {"label": label}) for label, word in (("a", "refund"), ("b", "parcel"))] * 8)
    assert train(run) is Exit.OK
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["head"] == {"labels": ["a", "b"], "several": False}
    told = classified(run, "refund please", "parcel please")
    assert [each["labels"] for each in told] == [["a"], ["b"]]
    assert sum(told[0]["probabilities"].values()) == pytest.approx(1, abs=1e-4)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["Dear customer, ...", "Hello"], "train.jsonl, row 1: the answer is not made of labels"),
        ([{"label": "a"}, {"labels": ["b"]}], "Some answers are one label and others a list"),
        ([{"label": "a"}, {"label": "a"}], "fewer than two labels"),
    ],
)
def test_rows_that_no_head_can_learn_are_refused(tmp_path: Path, answers: list[object], said: str) -> None:
    with pytest.raises(EngineError, match=said):
        Targets.of(written(tmp_path, [row("hi", answer) for answer in answers]))


def test_labels_are_read_from_answers_and_the_prompt_lists_none(tiny_base: Path, tmp_path: Path) -> None:
    from training.engine.config import BaseModelConfig, ChatOptions
    from training.engine.models import load_tokenizer

    assert labels_in([{"role": "assistant", "content": '["b", "a"]'}], "") == (["b", "a"], True)
    targets = Targets.of(written(tmp_path, [row("hi", {"labels": names}) for names in (["b", "a"], [], ["b"])]))
    assert (targets.labels, targets.answers) == (("a", "b"), ((), (0, 1), (1,)))
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)), ChatOptions())
    asked = row("parcel", {"labels": ["a", "b"]})
    encoded = targets.encode(tokenizer, "Tag it.", asked["prompt"], asked["completion"])  # type: ignore[arg-type]
    assert encoded["labels"][-1] == 1
    assert set(encoded["labels"][:-1]) == {-100}
    said = tokenizer.decode(asked_ids(tokenizer, "Tag it.", asked["prompt"]))  # type: ignore[arg-type]
    assert "Tag it." in said
    assert "Labels:" not in said


def test_the_threshold_is_the_best_and_the_nearest_to_a_half() -> None:
    import torch

    from training.engine.heads.figures import best_threshold, chosen, micro_f1

    given = torch.tensor([[0.3, 0.05], [0.4, 0.1], [0.1, 0.35]])
    wanted = torch.tensor([[True, False], [True, False], [False, True]])
    assert best_threshold(given, wanted) == (0.3, 1.0)
    many = torch.tensor([[0.9, 0.8, 0.7], [0.2, 0.3, 0.1]])
    assert chosen(many, 0.25, 2).tolist() == [[True, True, False], [False, True, False]]
    assert chosen(many, 0.25).tolist() == [[True, True, True], [False, True, False]]
    few = torch.tensor([[True, True, False], [False, True, False]])
    assert best_threshold(many, few, 2)[1] == 1.0
    assert best_threshold(many, few, 1)[1] < 1.0
    assert micro_f1(given >= 0.5, wanted) == 0.0
    nothing = torch.zeros(1, 2, dtype=torch.bool)
    assert micro_f1(nothing, nothing) == 1.0
