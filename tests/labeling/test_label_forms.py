"""Kinds with labels as people see them: prompt lines, toggles, lines, differences, and names that change."""

from dataclasses import replace

import pytest

from labeling import prompts
from labeling.kinds import KINDS, Change, LabelDef, NoLongerFitsError, Spec, SpecError
from labeling.kinds.labels import KEYS, Toggle

pytestmark = pytest.mark.pure

SEVERAL, ONE = KINDS["multi_label"], KINDS["single_label"]
LABELS = (LabelDef("billing", "money", "1"), LabelDef("delivery", "", "2"), LabelDef("other", "", "3"))
SPEC = Spec("multi_label", "Tag it.", LABELS, max_labels=2)
PICK = Spec("single_label", "Pick one.", LABELS)


def test_the_prompt_says_the_labels_and_the_form() -> None:
    assert SEVERAL.prompt_lines(SPEC) == [
        "Labels:", "billing: money", "delivery", "other", 'Answer in JSON: {"labels": ["..."]}, at most 2',
    ]  # fmt: skip
    plain = Spec("single_label", "", (LabelDef("a"), LabelDef("b")))
    assert ONE.prompt_lines(plain) == ["Labels: a, b", 'Answer in JSON: {"label": "..."}']


def test_a_task_that_does_not_list_its_labels_says_the_form_alone() -> None:
    bare = replace(SPEC, lists_labels=False)
    assert SEVERAL.prompt_lines(bare) == ['Answer in JSON: {"labels": ["..."]}, at most 2']
    assert SEVERAL.schema(bare) == SEVERAL.schema(SPEC)
    assert prompts.label_list(bare) == prompts.label_list(SPEC) == "Labels:\nbilling: money\ndelivery\nother"
    assert prompts.messages(bare, "hi")[0]["content"].startswith("Tag it.\nAnswer in JSON")
    with pytest.raises(SpecError, match="has no labels to leave out"):
        Spec("text", "Answer.", lists_labels=False)


def test_toggles_are_in_order_with_keys_and_marks() -> None:
    fields = SEVERAL.fields(SPEC, {"labels": ["billing", "other"]}, {"labels": ["other"]}, None)
    assert fields == {
        "toggles": [
            Toggle("billing", "money", "1", proposed=True, checked=False),
            Toggle("delivery", "", "2", proposed=False, checked=False),
            Toggle("other", "", "3", proposed=True, checked=True),
        ],
        "takes_several": True,
        "limit": 2,
    }
    bare = ONE.fields(PICK, None, None, None)
    assert not any(toggle.proposed or toggle.checked for toggle in bare["toggles"])
    assert bare["takes_several"] is False


def test_the_first_ten_toggles_have_keys() -> None:
    spec = Spec("multi_label", "", tuple(LabelDef(f"label {number}") for number in range(12)))
    assert [toggle.key for toggle in SEVERAL.fields(spec, None, None, None)["toggles"]] == [*KEYS, "", ""]


def test_an_answer_is_a_line_of_names() -> None:
    assert SEVERAL.line({"labels": ["billing", "other"]}) == "billing, other"
    assert SEVERAL.line({"labels": []}) == ONE.line({"label": ""}) == "no label"
    assert ONE.line({"label": "other"}) == "other"


def test_a_difference_says_what_came_and_went() -> None:
    one, other = {"labels": ["billing", "delivery"]}, {"labels": ["delivery", "other"]}
    assert SEVERAL.difference(one, other) == "Added: other. Taken away: billing."
    assert SEVERAL.difference({"labels": []}, other) == "Added: delivery, other."
    assert SEVERAL.difference(other, {"labels": []}) == "Taken away: delivery, other."
    assert SEVERAL.difference(one, one) == ""


def test_labels_are_found_again_under_their_new_names() -> None:
    asked = Spec("multi_label", "", (LabelDef("Post", "", "2"), LabelDef("Money", "", "1", merged=("9",))))
    given = Spec("multi_label", "", (*LABELS, LabelDef("cash", "", "9")))
    change = Change(given, asked)
    answer = {"labels": ["billing", "delivery", "cash"]}
    assert SEVERAL.today(change, answer) == ["Money", "Post"]
    assert SEVERAL.still_named(change, {"labels": ["billing", "other", "cash"]}) == ["Money", "other"]
    with pytest.raises(NoLongerFitsError, match="'other' was removed"):
        SEVERAL.today(change, {"labels": ["other"]})


def test_identities_are_the_same_whatever_the_order_and_the_names() -> None:
    assert SEVERAL.identities(SPEC, {"labels": ["delivery", "billing"]}) == {"labels": ["1", "2"]}
    assert ONE.identities(PICK, {"label": "other"}) == {"labels": ["3"]}


def test_what_a_value_claims_and_words_mention_and_say() -> None:
    assert SEVERAL.claims(SPEC, {"labels": []})
    assert SEVERAL.claims(SPEC, ["x", "billing"])
    assert not SEVERAL.claims(SPEC, {"foo": "billing"})
    assert not SEVERAL.claims(SPEC, ["x"])
    assert not SEVERAL.claims(SPEC, "billing")
    assert SEVERAL.mentions(SPEC, "more Billing?")
    assert not SEVERAL.mentions(SPEC, "bill")
    assert SEVERAL.said(SPEC, "billing and other") == ["billing", "other"]
    assert SEVERAL.said(SPEC, "none") == []
    assert ONE.said(PICK, "none") is None
    assert SEVERAL.said(SPEC, "I see") is None
