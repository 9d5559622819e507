"""Reference answers: the schema's language as a pattern, and greedy answers of a real tiny model held to it."""

import json

import pytest

from training.engine.constrained import Holder, greedy
from training.engine.errors import EngineError
from training.engine.forms import form_of

LABELS = {"type": "string", "enum": ["billing", "größe", 'a "b"']}
MANY = {"type": "object", "properties": {"labels": {"type": "array", "items": LABELS, "minItems": 0, "maxItems": 2}}}
ONE = {"type": "object", "properties": {"label": LABELS}, "required": ["label"]}
RECORD = {
    "type": "object",
    "properties": {
        "note": {"type": ["string", "null"], "maxLength": 8},
        "total": {"type": "number", "minimum": 0, "maximum": 9.5},
        "on": {"type": "string", "format": "date"},
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        },
    },
    "required": ["total", "lines"],
}


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
    assert form.can_become(b'{"label": "gr' + "ö".encode()[:1])
    assert not form.can_become(b'{"label": "b' + "ö".encode()[:1])
    assert not form.can_become("ö".encode()[:1])


@pytest.mark.parametrize(
    "text",
    [
        '{"total": 9.5, "lines": [{"n": -3}]}',
        '{"total":0,"lines":[{"n":1},{"n":2}],"note":"größer \\"","on":"2024-02-29"}',
        '{"total": 1, "lines": [{"n": 1}], "on": "1999-12-31"}',
        '{"total": 1, "lines": [ {"n": 1} ], "note": null }',
    ],
)
def test_records_are_held_to_their_schema(text):
    assert form_of(RECORD).complete(text)
    assert json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"total": 10', '{"lines"', '{"total": 1, "note"', '{"total": 1, "lines": []', '{"total": "', '{"total":  ',
        '{"total": 1, "lines": [{"n": 1.5', '{"total": 1, "lines": [{"n": 1}, {"n": 1},',
        '{"total": 1, "lines": [{"n": 1}], "note": "more than 8', '{"total": 1, "lines": [{"n": 1}], "on": "2024-13',
    ],
)  # fmt: skip
def test_what_breaks_the_schema_is_not_begun(text):
    form = form_of(RECORD)
    assert not form.can_become(text)
    assert form.can_become(text[:2])


def test_required_keys_come_first_and_all_others_may_be_left_out():
    optional = form_of({"type": "object", "properties": {name: {"type": "boolean"} for name in "abc"}})
    for text in ("{}", '{"a":true}', '{"b":true}', '{"a":true,"c":false}', '{"a":true,"b":true,"c":false}'):
        assert optional.complete(text), text
    for text in ('{"b":true,"a":true}', "{,", '{"a":true}}'):
        assert not optional.can_become(text), text


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "object", "properties": {"n": {"type": "nonsense"}}}, "nonsense"),
        ({"type": "object", "properties": {"n": {"allOf": [{"not": {}}]}}}, "not"),
        ({"type": "array", "items": {"type": "string"}}, "maxItems"),
    ],
)
def test_a_schema_that_cannot_be_kept_is_refused(schema, told):
    with pytest.raises(EngineError, match=told):
        form_of(schema)


@pytest.mark.ml
def test_a_model_that_knows_nothing_still_answers_in_form(tiny_base):
    from training.engine.chat import render
    from training.engine.config import BaseModelConfig
    from training.engine.models import load_base, load_tokenizer

    base = BaseModelConfig(name=str(tiny_base))
    tokenizer, model = load_tokenizer(base), load_base(base)
    text = render(tokenizer, [{"role": "system", "content": "Tag it."}, {"role": "user", "content": "größe 😀"}])
    form = form_of(ONE)
    holder = Holder(tokenizer, form)
    answer = greedy(model, tokenizer, text, holder, 150)
    assert form.complete(answer)
    assert greedy(model, tokenizer, text, holder, 150) == answer
    assert len(greedy(model, tokenizer, text, Holder(tokenizer, None), 5)) > 0
    assert form_of(RECORD).complete(greedy(model, tokenizer, text, Holder(tokenizer, form_of(RECORD)), 400))
