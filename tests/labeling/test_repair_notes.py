"""What was mended stands beside the answer, in plain words, each once."""

import pytest

from labeling.answers import parse
from tests.labeling.reading_cases import SPECS

pytestmark = pytest.mark.pure

NOTES = [
    ("several", '```json\n{"labels": ["billing"]}\n```', ["fence taken off"]),
    (
        "several",
        'Here is the answer:\n\n```json\n{"labels": ["billing"]}\n```\nThis should do the trick.',
        ["JSON found and mended"],
    ),
    ("several", '<think>\nmaybe {"labels": ["delivery"]}\n</think>\n{"labels": ["billing"]}', ["reasoning taken off"]),
    ("several", "<think></think>billing", ["reasoning taken off", "read from words, not from JSON"]),
    (
        "several",
        '<|channel|>analysis<|message|>delivery?<|channel|>final<|message|>{"labels": ["billing"]}<|return|>',
        ["reasoning taken off", "end mark taken off"],
    ),
    ("several", '{"labels": ["billing"]}<|im_end|>', ["end mark taken off"]),
    ("several", '{"labels": ["billing"]}\n{"labels": ["billing"]}', ["the same answer given several times"]),
    ("several", '\ufeff{"labels": ["billing"]}', ["read as the form that the schema asks for"]),
    (
        "several",
        'Tag the message.\nLabels: billing, delivery, card_arrival, other\nAnswer in JSON: {"labels": ["billing"]}',
        ["a repeated line of the prompt taken off", "JSON found and mended"],
    ),
    (
        "several",
        'Answer in JSON: {"labels": ["..."]}, at most 3\n{"labels": ["billing"]}',
        ["a repeated line of the prompt taken off"],
    ),
    ("several", '"{\\"labels\\": [\\"billing\\"]}"', ["JSON inside a JSON string", "JSON found and mended"]),
    ("described", "other", ["read from words, not from JSON"]),
    ("several", '{"labels": "billing, delivery"}', ["one label taken as a list", "labels taken out of words"]),
    ("several", '["billing", "delivery"]', ["a bare list taken as the labels"]),
    ("several", '{"billing", "delivery"}', ["a bare list taken as the labels", "JSON found and mended"]),
    (
        "several",
        '[{"label": "billing"}, {"label": "delivery"}]',
        ["a bare list taken as the labels", "an object taken as a label"],
    ),
    (
        "several",
        '{"labels": [{"name": "billing", "reason": "a charge"}, {"name": "delivery", "reason": "a parcel"}]}',
        ["an object taken as a label"],
    ),
    ("several", '{"Labels": ["billing"]}', ["the key 'Labels' read as 'labels'"]),
    ("several", '{"tags": ["billing"]}', ["the key 'tags' read as 'labels'"]),
    ("several", '{"answer": {"labels": ["billing"]}}', ["the key 'answer' read as 'labels'"]),
    ("several", '[{"labels": ["billing"]}]', ["one answer taken out of a list"]),
    ("several", '{"labels": ["billing"], "why": "not for delivery"}', ["extra keys dropped"]),
    ("several", '{"labels": ["billing"], "labels": ["billing"]}', ["a key given twice taken once"]),
    ("several", '{"labels": "billing"}', ["one label taken as a list"]),
    ("several", '{"labels": ["billing", "billing"]}', ["a repeated label taken once"]),
    ("several", '{"labels": ["Billing."]}', ["labels taken out of words", "the label 'Billing' read as 'billing'"]),
    ("several", '"billing"', ["a bare text taken as the label", "one label taken as a list"]),
    ("several", '{"labels": ["Card Arrival"]}', ["the label 'Card Arrival' read as 'card_arrival'"]),
    ("several", '{"labels": null}', ["one label taken as a list", "None taken as no label"]),
    ("several", '{"labels": "none"}', ["one label taken as a list", "'none' taken as no label"]),
    ("several", '{"labels": ["None"]}', ["'None' taken as no label"]),
    ("several", '{"labels": ""}', ["one label taken as a list", "'' taken as no label"]),
    ("one", '{"label": ["other"]}', ["a list taken as one label"]),
    ("one", '{"labels": "other"}', ["the key 'labels' read as 'label'"]),
    (
        "one",
        '["other", "other"]',
        ["a bare list taken as the labels", "a list taken as one label", "a repeated label taken once"],
    ),
    ("grade", '{"label": 3}', ["the label 3 read as '3'"]),
    ("grade", "3", ["a bare text taken as the label", "the label 3 read as '3'"]),
    ("grade", '{"label": [3]}', ["a list taken as one label", "the label 3 read as '3'"]),
    ("grade", "[3]", ["a bare list taken as the labels", "a list taken as one label", "the label 3 read as '3'"]),
    ("truth", '{"label": true}', ["the label True read as 'true'"]),
    ("truth", "true", ["a bare text taken as the label", "the label True read as 'true'"]),
    ("truth", "{'label': True}", ["the label True read as 'true'", "JSON found and mended"]),
    ("nullable", '{"label": null}', ["the label None read as 'null'"]),
    ("nullable", '{"label": "Not spam"}', ["the label 'Not spam' read as 'not_spam'"]),
    (
        "several",
        '"billing."',
        ["a bare text taken as the label", "one label taken as a list", "labels taken out of words"],
    ),
]


@pytest.mark.parametrize(("spec", "raw", "notes"), NOTES, ids=lambda value: str(value)[:30])
def test_each_repair_is_said(spec: str, raw: str, notes: list[str]) -> None:
    assert list(parse(raw, SPECS[spec], None).repairs) == notes
