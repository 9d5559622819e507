"""Many prompts answered at once: the same answers as one after the other, in order, held to the schema."""

import json

import pytest

from common import jsonl
from tests.training.engine.folders import make_rows
from training.engine.answers import answer_batches
from training.engine.batched import greedy_batches
from training.engine.chat import render
from training.engine.config import BaseModelConfig, ChatOptions
from training.engine.constrained import Holder, greedy
from training.engine.errors import EngineError
from training.engine.forms import form_of

LABELS = {"type": "string", "enum": ["billing", "login", "größe"]}
SCHEMA = {
    "type": "object",
    "properties": {"labels": {"type": "array", "items": LABELS, "minItems": 0, "maxItems": 2}},
    "required": ["labels"],
}
RECORD = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 6},
        "count": {"type": "integer", "minimum": 3, "maximum": 40},
    },
    "required": ["name", "count"],
}

pytestmark = pytest.mark.ml


@pytest.fixture(scope="module")
def asked(tiny_base):
    """Model, tokenizer, and prompts of unequal length, not in the order of it."""
    from training.engine.models import load_base, load_tokenizer

    base = BaseModelConfig(name=str(tiny_base))
    tokenizer, model = load_tokenizer(base, ChatOptions()), load_base(base)
    rows = [*make_rows(6, seed=3), *make_rows(1, seed=4)]
    rows[2]["prompt"][1]["content"] += " and please tell me why 😀" * 3
    return model, tokenizer, [render(tokenizer, row["prompt"]) for row in rows]


@pytest.mark.parametrize("form", [form_of(SCHEMA), form_of(RECORD), None])
@pytest.mark.parametrize("batch", [1, 3])
def test_each_answer_is_that_of_its_prompt_alone(asked, form, batch):
    model, tokenizer, texts = asked
    found = greedy_batches(model, tokenizer, texts, form, 20, batch)
    holder = Holder(tokenizer, form)
    assert [row["text"] for row in found] == [greedy(model, tokenizer, text, holder, 20) for text in texts]


def test_what_the_limit_cuts_off_is_not_complete(asked):
    model, tokenizer, texts = asked
    form = form_of(SCHEMA)
    assert [row["complete"] for row in greedy_batches(model, tokenizer, texts, form, 3, 4)] == [False] * len(texts)
    for row in greedy_batches(model, tokenizer, texts, form, 200, 4):
        assert row["complete"] == form.complete(row["text"])
        assert row["complete"]


def test_prompts_that_begin_with_nothing_in_common_are_answered_alone(asked):
    model, tokenizer, _ = asked
    texts = ["one text", "another"]
    found = greedy_batches(model, tokenizer, texts, None, 4, 2)
    assert [row["text"] for row in found] == [
        greedy(model, tokenizer, text, Holder(tokenizer, None), 4) for text in texts
    ]
    assert greedy_batches(model, tokenizer, [], None, 4, 2) == []


def test_a_bare_base_answers_a_file_and_a_run_only_when_it_is_finished(tiny_base, tmp_path):
    prompts, schema, out = tmp_path / "prompts.jsonl", tmp_path / "schema.json", tmp_path / "out.jsonl"
    jsonl.write(prompts, ({"messages": row["prompt"]} for row in make_rows(3)))
    schema.write_text(json.dumps(SCHEMA))
    base = BaseModelConfig(name=str(tiny_base))
    assert answer_batches(base, prompts, schema, 100, out, batch=2) == 3
    assert all(set(row) == {"text", "complete"} for row in jsonl.read(out))
    with pytest.raises(EngineError, match="not finished"):
        answer_batches(tmp_path, prompts, schema, 100, out, batch=2)
