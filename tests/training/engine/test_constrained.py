"""Reference answers: the schema's language as a pattern, and greedy answers of a real tiny model held to it."""

import json

import pytest

from training.engine.constrained import form_of, greedy
from training.engine.errors import EngineError

LABELS = {"type": "string", "enum": ["billing", "größe", 'a "b"']}
MANY = {"type": "object", "properties": {"labels": {"type": "array", "items": LABELS, "minItems": 0, "maxItems": 2}}}
ONE = {"type": "object", "properties": {"label": LABELS}}


@pytest.mark.parametrize(
    "text",
    ['{"labels": []}', '{"labels":["billing"]}', '{ "labels" : [ "billing",\n"größe" ] }', r'{"labels": ["a \"b\""]}'],
)
def test_answers_of_the_schema_are_complete(text):
    form = form_of(MANY)
    assert form.complete(text)
    assert json.loads(text)
    assert all(form.can_become(text[:end]) for end in range(len(text)))


@pytest.mark.parametrize(
    "text",
    ['{"labels": ["bill"]}', '{"labels": ["billing",]}', '{"label": "billing"}', '{"labels": ["billing"]} so', "[]"],
)
def test_other_texts_are_not(text):
    assert not form_of(MANY).complete(text)
    assert not form_of(MANY).can_become(text)


def test_no_more_items_than_allowed():
    form = form_of(MANY)
    assert form.complete('{"labels": ["billing", "billing"]}')
    assert not form.can_become('{"labels": ["billing", "billing",')


def test_half_a_character_is_the_beginning_of_one_that_may_stand_there():
    form = form_of(ONE)
    assert form.can_become('{"label": "gr\ufffd')
    assert not form.can_become('{"label": "b\ufffd')
    assert not form.can_become("\ufffd")


def test_a_schema_that_is_not_known_is_refused():
    with pytest.raises(EngineError, match="'number'"):
        form_of({"type": "object", "properties": {"n": {"type": "number"}}})


@pytest.mark.ml
def test_a_model_that_knows_nothing_still_answers_in_form(tiny_base):
    from training.engine.chat import render
    from training.engine.config import BaseModelConfig
    from training.engine.models import load_base, load_tokenizer

    base = BaseModelConfig(name=str(tiny_base))
    tokenizer, model = load_tokenizer(base), load_base(base)
    text = render(tokenizer, [{"role": "system", "content": "Tag it."}, {"role": "user", "content": "größe 😀"}])
    form = form_of(ONE)
    answer = greedy(model, tokenizer, text, form, 150)
    assert form.complete(answer)
    assert greedy(model, tokenizer, text, form, 150) == answer
    assert len(greedy(model, tokenizer, text, None, 5)) > 0
