"""Rows to token ids: the prompt as served, the loss on the answer alone."""

from pathlib import Path

import pytest

from tests.training.engine.folders import make_rows, write_rows
from training.engine.chat import render, token_ids
from training.engine.config import BaseModelConfig
from training.engine.data import IGNORED, encode, encode_file
from training.engine.errors import EngineError
from training.engine.models import load_tokenizer

pytestmark = pytest.mark.ml


def test_the_loss_sees_the_answer_and_its_end_token_only(tiny_base: Path) -> None:
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)))
    row = make_rows(1)[0]
    encoded = encode(tokenizer, row["prompt"], row["completion"])
    prompt = token_ids(tokenizer, render(tokenizer, row["prompt"]))
    assert encoded["input_ids"][: len(prompt)] == prompt
    assert encoded["labels"][: len(prompt)] == [IGNORED] * len(prompt)
    answer = encoded["labels"][len(prompt) :]
    # Nothing after the end token, although the template puts a line break there.
    assert tokenizer.decode(answer) == row["completion"][0]["content"] + "<|im_end|>"
    assert answer == encoded["input_ids"][len(prompt) :]


def test_a_template_without_an_end_token_gets_one(tiny_base: Path) -> None:
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)))
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"
    row = make_rows(1)[0]
    assert encode(tokenizer, row["prompt"], row["completion"])["labels"][-1] == tokenizer.eos_token_id


def test_a_template_that_renders_finished_answers_in_another_way(tiny_base: Path) -> None:
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)))
    tokenizer.chat_template = (
        "{% for message in messages %}{{ message['content'] }}{% endfor %}"
        "{% if add_generation_prompt %}<think>{% endif %}"
    )
    row = make_rows(1)[0]
    encoded = encode(tokenizer, row["prompt"], row["completion"])
    assert tokenizer.decode(encoded["input_ids"]).endswith(
        "<think></think>" + row["completion"][0]["content"] + "<|im_end|>"
    )


def test_long_rows_are_dropped_whole(tiny_base: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)))
    rows = make_rows(4)
    rows[1]["completion"][0]["content"] *= 30
    write_rows(tmp_path / "rows.jsonl", rows)
    encoded = encode_file(tokenizer, tmp_path / "rows.jsonl", 200)
    assert (len(encoded.rows), len(encoded.left_out)) == (3, 1)
    assert encoded.longest > 200


@pytest.mark.parametrize("row", [{"prompt": "text", "completion": "text"}, {"prompt": []}, {"messages": []}])
def test_rows_of_another_form_are_refused_by_number(tiny_base: Path, tmp_path: Path, row: dict[str, object]) -> None:
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)))
    write_rows(tmp_path / "rows.jsonl", [*make_rows(1), row])
    with pytest.raises(EngineError, match="row 2"):
        encode_file(tokenizer, tmp_path / "rows.jsonl", 200)


def test_a_tokenizer_without_a_chat_template_is_refused(tiny_base: Path) -> None:
    tokenizer = load_tokenizer(BaseModelConfig(name=str(tiny_base)))
    tokenizer.chat_template = None
    with pytest.raises(EngineError, match="no chat template"):
        render(tokenizer, make_rows(1)[0]["prompt"])
