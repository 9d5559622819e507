"""Never an answer that the text does not give: denied, doubled, contradicted, or made of nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.answers import parse
from labeling.kinds import LabelDef, Spec, fold

pytestmark = pytest.mark.pure

NAMES = ("billing", "delivery", "card_arrival", "card", "Größe", "refund request", "退款")
LABELS = tuple(map(LabelDef, NAMES))
SEVERAL, ONE = Spec("multi_label", "Tag it.", LABELS), Spec("single_label", "Pick one.", LABELS)

chosen = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
FORMS = {
    "JSON": lambda names: json.dumps({"labels": names}, ensure_ascii=False),
    "fenced": lambda names: f"```json\n{json.dumps({'labels': names})}\n```",
    "single quotes": lambda names: str({"labels": names}),
    "a list": lambda names: json.dumps(names),
    "a set": lambda names: "{" + ", ".join(map(repr, names)) + "}",
    "no quotes": lambda names: f"{{labels: [{', '.join(names)}]}}",
    "another key": lambda names: json.dumps({"tags": names}),
    "objects": lambda names: json.dumps([{"label": name} for name in names]),
    "in an object": lambda names: json.dumps({"answer": {"labels": names}}),
}
WORDS = {
    "a comma list": ", ".join,
    "bullets": lambda names: "\n".join(f"- {name}" for name in names),
    "bold": lambda names: ", ".join(f"**{name}**" for name in names),
    "a sentence": lambda names: f"The answer is {' and '.join(names)}.",
    "quoted": lambda names: ", ".join(f'"{name}."' for name in names),
}
forms = st.sampled_from(sorted(FORMS)).map(FORMS.get)
any_form = st.sampled_from(sorted(FORMS | WORDS)).map((FORMS | WORDS).get)


def read(raw: str, spec: Spec = SEVERAL) -> list[str] | None:
    answer = parse(raw, spec, None).answer
    return None if answer is None else answer.get("labels", [answer.get("label")])


@settings(deadline=None, max_examples=300)
@given(chosen, any_form)
def test_each_form_is_read_as_what_it_says(names, form) -> None:
    assert sorted(read(form(names)) or []) == sorted(names)
    assert read(form(names[:1]), ONE) == names[:1]


DENIALS = [
    "not {}", "It is not {}", "This isn't {}", "Never {}", "{} is wrong", "{}? No.", "Anything except {}", "no {}",
    "I cannot say {}", "Wrong: {}", "nicht {}", "不是 {}", "{} is not the answer.", "It’s rather not {}.",
]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(chosen, any_form, st.sampled_from(DENIALS))
def test_a_denied_answer_is_none(names, form, denial) -> None:
    said = denial.replace("{}", form(names))
    assert read(said) is None
    assert read(said, ONE) is None


@settings(deadline=None, max_examples=300)
@given(
    chosen, st.sampled_from(["not", "excluded_labels", "error", "wrong_labels", "no", "Not", "rejected", "foo", "enum"])
)
def test_a_value_under_a_foreign_key_is_none(names, key) -> None:
    for said in (json.dumps({key: names}), str({key: names}), json.dumps({key: names[0]}), f"{{{key}: {names[0]}}}"):
        assert read(said) is None
        assert read(said, ONE) is None


@settings(deadline=None, max_examples=300)
@given(chosen, chosen, forms, any_form, st.sampled_from(["\n", " ", "\n\nOr: ", " and ", ", "]), st.booleans())
def test_two_answers_are_one_only_if_they_are_equal(names, others, form, other_form, between, swapped) -> None:
    first, second = form(names), other_form(others)
    said = f"{second}{between}{first}" if swapped else f"{first}{between}{second}"
    if set(names) != set(others):
        assert read(said) in (None, sorted(names, key=NAMES.index)) if swapped else read(said) is None
    else:
        assert read(said) in (None, sorted(names, key=NAMES.index))


@settings(deadline=None, max_examples=300)
@given(chosen, st.sampled_from(NAMES), st.sampled_from(["labels", "label", "tags", "x", "category"]))
def test_a_key_that_says_something_else_fails(names, other, key) -> None:
    both = [(json.dumps("labels"), json.dumps(names)), (json.dumps(key), json.dumps([other]))]
    for pairs in (both, both[::-1]):
        said = "{" + ", ".join(f"{name}: {value}" for name, value in pairs) + "}"
        for raw in (said, said.replace('"', "'"), said.replace("}", ",}")):
            assert read(raw) in ((None,) if [other] != names else (None, names))


PIECES = st.sampled_from(
    [
        *NAMES,
        '{"labels": [',
        '"',
        "'",
        "]",
        "}",
        "{",
        "[",
        ",",
        ":",
        " ",
        "\n",
        "```",
        "label",
        "not",
        ".",
        "and",
        "“",
        "//",
    ]
)


@settings(deadline=None, max_examples=1000)
@given(st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=14).map("".join))
def test_every_label_that_is_read_stands_in_the_text(raw: str) -> None:
    for spec in (SEVERAL, ONE):
        for name in read(raw, spec) or []:
            assert fold(name) in fold(raw).replace("\\", "")
