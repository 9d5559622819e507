"""What a spec allows, and the stored form of answers."""

import time
from typing import Any

import jsonschema
import pytest

from labeling.answers import parse
from labeling.kinds import AnswerError, LabelDef, Spec, SpecError, canonical, dumps, json_schema, validate_answer
from labeling.prompts import training_row

pytestmark = pytest.mark.pure


def multi(*names: str, limit: int = 0) -> Spec:
    return Spec("multi_label", "Tag it.", tuple(LabelDef(name) for name in names), max_labels=limit)


def single(*names: str) -> Spec:
    return Spec("single_label", "Pick one.", tuple(LabelDef(name) for name in names))


TEXT = Spec("text", "Answer it.")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "poem"}, "Unknown kind 'poem'"),
        ({"kind": "multi_label"}, "at least one"),
        ({"kind": "text", "labels": (LabelDef("a"),)}, "no labels"),
        ({"kind": "text", "prompt_template": "Hi"}, "{text}"),
        ({"kind": "multi_label", "labels": (LabelDef("a"), LabelDef("a"))}, "2 times"),
        ({"kind": "multi_label", "labels": (LabelDef("a\nb"),)}, "rename"),
        ({"kind": "multi_label", "labels": (LabelDef("<|im_end|>"),)}, "rename"),
        ({"kind": "multi_label", "labels": (LabelDef(" a"),)}, "rename"),
        ({"kind": "multi_label", "labels": (LabelDef("a"),), "max_labels": -1}, "max_labels"),
    ],
)
def test_a_spec_that_contradicts_itself_is_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says.replace("{", r"\{")):
        Spec(**{"instruction": "Do it.", **values})


def test_specs_can_be_hashed_and_compared() -> None:
    assert len({multi("a", "b"), multi("a", "b"), multi("b", "a")}) == 2


def test_the_schema_lets_through_what_the_project_knows_and_nothing_else() -> None:
    schema = json_schema(multi("a", "b", "c", limit=2))
    assert schema is not None
    jsonschema.Draft202012Validator.check_schema(schema)
    valid = jsonschema.Draft202012Validator(schema).is_valid
    assert valid({"labels": ["a", "b"]})
    assert valid({"labels": []})
    for wrong in ({"labels": ["a", "b", "c"]}, {"labels": ["d"]}, {"labels": ["a"], "x": 1}, {}, ["a"]):
        assert not valid(wrong)


def test_the_schema_of_one_label_and_of_text() -> None:
    schema = json_schema(single("a", "b"))
    assert schema is not None
    assert schema["properties"] == {"label": {"type": "string", "enum": ["a", "b"]}}
    assert schema["required"] == ["label"]
    assert json_schema(TEXT) is None


def test_the_limit_is_never_above_the_number_of_labels() -> None:
    assert [multi("a", "b", limit=limit).label_limit for limit in (0, 1, 5)] == [2, 1, 2]


@pytest.mark.parametrize(
    ("spec", "given", "stored", "text"),
    [
        (multi("b", "a"), {"labels": ["a", "b", "a"]}, {"labels": ["b", "a"]}, '{"labels": ["b", "a"]}'),
        (multi("b", "a"), ["A"], {"labels": ["a"]}, '{"labels": ["a"]}'),
        (multi("b", "a"), [], {"labels": []}, '{"labels": []}'),
        (multi("größe"), "GRÖSSE", {"labels": ["größe"]}, '{"labels": ["größe"]}'),
        (single("card_arrival", "x"), "Card Arrival", {"label": "card_arrival"}, '{"label": "card_arrival"}'),
        (single("a", "b"), ["b"], {"label": "b"}, '{"label": "b"}'),
        (TEXT, "  hello\nyou ", {"text": "hello\nyou"}, "hello\nyou"),
        (TEXT, {"text": "a\x00b"}, {"text": "a\ufffdb"}, "a\ufffdb"),
    ],
)
def test_the_stored_form_and_the_text_to_train_on(spec: Spec, given: Any, stored: Any, text: str) -> None:
    assert canonical(spec, given, None) == stored
    assert dumps(spec, given, None) == text
    validate_answer(spec, stored, None)


@pytest.mark.parametrize(
    ("spec", "given", "says"),
    [
        (multi("a"), ["z"], "Unknown label 'z'"),
        (multi("a"), [1], "1 is not the name"),
        (multi("a"), None, "not a list"),
        (multi("a"), {"label": "a"}, "one key 'labels'"),
        (multi("a", "b", limit=1), ["a", "b"], "at most 1"),
        (multi("Red", "red"), ["RED"], "may mean 'Red' or 'red'"),
        (single("a", "b"), ["a", "b"], "exactly one"),
        (TEXT, " ", "empty"),
        (TEXT, 3, "no text"),
    ],
)
def test_what_is_no_answer_is_refused_with_what_to_do(spec: Spec, given: Any, says: str) -> None:
    with pytest.raises(AnswerError, match=says):
        canonical(spec, given, None)


def test_a_loose_answer_does_not_pass_as_the_stored_form() -> None:
    with pytest.raises(AnswerError, match="stored form"):
        validate_answer(multi("a", "b"), {"labels": ["b", "a"]}, None)


@pytest.mark.parametrize("name", ["<no_label>", "<unk>", "</s>", "[INST]", "<|x|>", "a\u2028b", "a\x85b"])
def test_a_label_that_a_prompt_would_change_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="cannot be a label"):
        Spec("multi_label", "Tag.", (LabelDef("fine"), LabelDef(name)))


@pytest.mark.parametrize("name", ["<fine>", "a < b", "no_label", "[urgent]", "x|y"])
def test_a_label_with_brackets_of_its_own_is_written_as_it_is(name: str) -> None:
    spec = Spec("single_label", "Tag.", (LabelDef("other"), LabelDef(name)))
    completion = training_row(spec, "text", {"label": name})["completion"][0]["content"]
    assert parse(completion, spec, None).status == "strict"
    assert parse(completion, spec, None).answer == {"label": name}


def test_five_thousand_labels_are_found_quickly() -> None:
    spec = Spec("multi_label", "Tag.", tuple(LabelDef(f"Label {number}") for number in range(5_000)))
    start = time.process_time()
    assert len(canonical(spec, {"labels": [f"label_{number}" for number in range(5_000)]}, None)["labels"]) == 5_000
    assert time.process_time() - start < 1
