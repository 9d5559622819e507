"""Records: what a schema may ask for, how an answer is read, carried, put into words and back out of a form."""

import json

import pytest
from hypothesis import given

from labeling.answers import Status, parse
from labeling.kinds import KINDS, AnswerError, NoLongerFitsError, Spec, SpecError, canonical, dumps, json_schema
from labeling.kinds.change import Change
from labeling.prompts import system_message
from tests.records import BILL, BILLS, SCHEMA, spec_of
from training.engine.forms import form_of

KIND = KINDS["record"]


def schema(**properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": []}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, "needs a JSON schema"),
        ({"type": "array", "items": {}}, "needs a JSON schema"),
        (schema(), "needs a JSON schema"),
        (schema(a={"$ref": "#/definitions/x"}), "/properties/a/$ref: $ref is not taken: write the schema out"),
        (schema(a={"type": "string", "pattern": "x"}), "/properties/a/pattern: pattern is not taken: use a format"),
        (schema(a={"type": "number", "multipleOf": 2}), "/properties/a/multipleOf"),
        (schema(a={"type": "string", "format": "ipv4"}), "/properties/a/format: 'ipv4' is not taken"),
        (schema(a={"type": ["string", "number"]}), "/properties/a/type: give one type"),
        (schema(a={"type": "strng"}), "/properties/a/type: 'strng' is no type"),
        (schema(a={"type": "integer", "minimum": 3, "maximum": 2}), "/properties/a/maximum: 2 is less"),
        (schema(a={"type": "string", "maxLength": 9999}), "/properties/a/maxLength: 9999 is no whole number"),
        (schema(a={"type": "array"}), "/properties/a/items: None is no schema"),
        (schema(a={"type": "array", "items": {"type": "array", "items": {"type": "null"}}}), "/properties/a/items"),
        (schema(a={"enum": []}), "/properties/a/enum: give a list"),
        (schema(a={"enum": ["x", "X"]}), "/properties/a/enum: two values are written alike"),
        (schema(**{"a/b": {"type": "object"}}), "/properties/a~1b/properties: an object needs"),
        ({**schema(a={"type": "string"}), "required": ["b"]}, "/required: 'b' is no property"),
        ({**schema(a={"type": "string"}), "additionalProperties": True}, "/additionalProperties"),
        (schema(**{"<|im_end|>": {"type": "string"}}), "a name has 1 to 60 characters"),
    ],
)
def test_a_schema_beyond_what_can_be_kept_is_refused_with_the_place(asked, told):
    with pytest.raises(SpecError) as refused:
        Spec("record", "Read it.", schema=asked)
    assert told in str(refused.value)


def test_required_keys_come_first_and_every_bound_is_said():
    asked = json_schema(spec_of(schema(b={"type": "string"}, a={"type": ["integer", "null"]}) | {"required": ["a"]}))
    assert list(asked["properties"]) == ["a", "b"]
    assert asked["properties"]["b"]["maxLength"] == 500
    assert asked["properties"]["a"]["type"] == ["integer", "null"]
    assert asked["additionalProperties"] is False


def test_the_example_of_the_kind_is_one_and_each_of_its_bounds_can_be_kept():
    assert form_of(json_schema(spec_of(KIND.schema_example))).can_become('{"sender"')


def test_the_prompt_shows_the_shape_in_one_line_and_what_is_said_of_fields():
    lines = system_message(spec_of()).split("\n")
    assert lines[0] == "Read the bill."
    assert (
        '{"vendor": text, "total": number 0 to 10000, "paid": true | false, "due": date (YYYY-MM-DD) or null'
        in lines[1]
    )
    assert (
        '"kind"?: "invoice" | "reminder", "lines"?: [{"sku": text, "n": whole number 1 or more}, at most 4]' in lines[1]
    )
    assert lines[2:] == ["vendor: Who wrote the bill."]


@pytest.mark.parametrize(
    ("raw", "repairs"),
    [
        (json.dumps(BILL), []),
        (json.dumps(BILL | {"total": "30.5"}), ["the text '30.5' at /total read as a number"]),
        (
            json.dumps(BILL | {"paid": "True", "due": "null"}),
            ["the text 'True' at /paid read as true", "'null' at /due"],
        ),
        (
            json.dumps({"Vendor": "ACME", **{k: v for k, v in BILL.items() if k != "vendor"}}),
            ["the key 'Vendor' read as"],
        ),
        (json.dumps(BILL | {"x": 1, "y": [2]}), ["2 unknown keys dropped: /x, /y"]),
        (json.dumps(BILL | {"lines": BILL["lines"][0]}), ["one value at /lines taken as a list"]),
        (json.dumps({"record": BILL}), ["the record taken out of the key 'record'"]),
        (json.dumps([BILL]), ["one record taken out of a list"]),
        (json.dumps(BILL | {"kind": None}), ["null at /kind left out"]),
        (f"```json\n{json.dumps(BILL, indent=1)}\n```", ["fence taken off"]),
        (f"Here it is: {json.dumps(BILL)}", ["JSON found"]),
    ],
)
def test_a_models_text_is_read_and_what_was_mended_is_said(raw, repairs):
    found = parse(raw, spec_of(), "a bill")
    assert found.answer == BILL, found.reason
    assert found.status == (Status.REPAIRED if repairs else Status.STRICT)
    assert all(any(told in said for said in found.repairs) for told in repairs), found.repairs


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"total": ...}, "/total: it is missing."),
        ({"total": 10001}, "/total: 10001 is more than 10000."),
        ({"total": "a lot"}, "/total: a number is asked for, not 'a lot'."),
        ({"total": 10**400}, "/total: the number is too large to be kept."),
        ({"total": True}, "/total: a number is asked for, not True."),
        ({"due": "2024-02-30"}, "/due: '2024-02-30' is not written as YYYY-MM-DD."),
        ({"kind": "letter"}, "/kind: 'letter' is none of the values"),
        ({"lines": [{"sku": "a", "n": 0}]}, "/lines/0/n: 0 is less than 1."),
        ({"lines": [{"sku": "a", "n": 1}] * 5}, "/lines: 5 are too many; at most 4"),
        ({"paid": None}, "/paid: true or false is asked for, not None."),
    ],
)
def test_what_is_missing_or_not_allowed_fails_with_the_place(changes, told):
    value = {name: each for name, each in (BILL | changes).items() if each is not ...}
    found = parse(json.dumps(value), spec_of(), "a bill")
    assert found.status == Status.FAILED
    assert told in found.reason


def test_a_persons_unknown_key_is_refused_and_not_dropped():
    with pytest.raises(AnswerError, match="/x: the schema has no such key"):
        canonical(spec_of(), BILL | {"x": 1}, None)
    assert canonical(spec_of(), json.dumps(BILL), None) == BILL


def test_what_is_written_has_the_order_of_the_schema_whatever_the_database_did():
    assert json.loads(dumps(spec_of(), dict(sorted(BILL.items())), None)) == BILL
    assert list(json.loads(dumps(spec_of(), dict(sorted(BILL.items())), None))) == list(BILL)


def test_the_difference_goes_place_by_place():
    other = BILL | {"total": 4, "due": "2024-05-01", "lines": []}
    assert KIND.difference(BILL, other) == (
        "total: 30.5 became 4. lines 1 sku: nail taken away. lines 1 n: 2 taken away. due: 2024-05-01 added."
    )
    assert KIND.line(BILL) == "vendor: ACME, total: 30.5, paid: yes, lines 1 sku: nail, lines 1 n: 2"


def test_only_a_record_without_values_is_empty():
    assert KIND.is_empty({"a": None, "b": False, "c": [], "d": {"e": ""}})
    assert not KIND.is_empty({"b": True})
    assert not KIND.is_empty({"n": 0})


def changed(**properties: object) -> Change:
    return Change(spec_of(), spec_of({**SCHEMA, "properties": {**SCHEMA["properties"], **properties}}))


def test_a_field_may_come_and_go_and_answers_go_with_it():
    assert KIND.carry(changed(note={"type": "string"}), BILL) == BILL
    left = {name: each for name, each in SCHEMA["properties"].items() if name != "lines"}
    carried = KIND.carry(Change(spec_of(), spec_of({**SCHEMA, "properties": left})), BILL)
    assert carried == {name: each for name, each in BILL.items() if name != "lines"}
    assert KIND.carry(changed(total={"type": "string"}), BILL)["total"] == "30.5"


def test_a_value_that_may_no_longer_be_said_does_not_fit_and_says_where():
    with pytest.raises(NoLongerFitsError, match="what it says at /kind is not allowed"):
        KIND.carry(changed(kind={"enum": ["reminder"]}), BILL | {"kind": "invoice"})
    row = SCHEMA["properties"]["lines"]["items"]
    narrow = {**row, "properties": {**row["properties"], "n": {"type": "integer", "maximum": 1}}}
    with pytest.raises(NoLongerFitsError, match=r"what it says at /lines/\*/n is not allowed"):
        KIND.carry(changed(lines={"type": "array", "items": narrow}), BILL)
    asked = {**SCHEMA, "properties": {**SCHEMA["properties"], "tax": {"type": "number"}}}
    change = Change(spec_of(), spec_of({**asked, "required": [*SCHEMA["required"], "tax"]}))
    with pytest.raises(NoLongerFitsError, match="/tax is asked for now"):
        KIND.carry(change, BILL)
    assert KIND.carry_reading(change, BILL) == BILL


@given(BILLS)
def test_what_is_written_is_read_back_strictly(bill):
    spec = spec_of()
    stored = canonical(spec, bill, None)
    found = parse(dumps(spec, stored, None), spec, "a bill")
    assert (found.answer, found.status) == (stored, Status.STRICT)
    assert KIND.difference(stored, stored) == ""


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        ("date", "2024-02-29", "2023-02-29"),
        ("time", "12:00:00.5+01:00", "12:00:00"),
        ("date-time", "2024-01-01T12:00:00Z", "2024-01-01 12:00:00"),
        ("email", "a.b+c@d-e.co.uk", "a b@c.d"),
        ("uri", "https://example.org/a?b=c", "example"),
        ("uuid", "12345678-1234-1234-1234-123456789abc", "12345678"),
    ],
)
def test_a_text_has_the_form_that_is_asked_for(format, good, bad):
    spec = spec_of(schema(a={"type": "string", "format": format}))
    assert canonical(spec, {"a": f" {good} "}, None) == {"a": good}
    with pytest.raises(AnswerError, match="is not written as"):
        canonical(spec, {"a": bad}, None)
