"""What each kind shows of an answer and reads from its form: the empty form, what was refused, what differs."""

import pytest

from labeling.kinds import KINDS, AnswerError, LabelDef, Spec, canonical

pytestmark = pytest.mark.pure

LABELS = (LabelDef("late"), LabelDef("lost"), LabelDef("rude"))
SPECS = {
    "multi_label": Spec("multi_label", "Tag it.", LABELS),
    "single_label": Spec("single_label", "Pick one.", LABELS),
    "text": Spec("text", "Answer it."),
}
MULTI, SINGLE, TEXT = KINDS["multi_label"], KINDS["single_label"], KINDS["text"]


@pytest.mark.parametrize(
    ("name", "sent", "value"),
    [
        ("multi_label", {"labels": ["lost", "rude"]}, {"labels": ["lost", "rude"]}),
        ("multi_label", {}, {"labels": []}),
        ("single_label", {"labels": ["lost"]}, {"label": "lost"}),
        ("text", {"text": ["Dear Ana"]}, {"text": "Dear Ana"}),
    ],
)
def test_what_a_form_sends_is_an_answer(name: str, sent: dict[str, list[str]], value: dict[str, object]) -> None:
    entered = KINDS[name].entered({**sent, "csrfmiddlewaretoken": ["x"]})
    assert entered == value
    assert canonical(SPECS[name], entered, None) == value


@pytest.mark.parametrize(
    ("name", "entered", "line", "says"),
    [("single_label", {"label": ""}, "no label", "Choose one label first"), ("text", {"text": ""}, "", "is empty")],
)
def test_a_form_sent_with_nothing_in_it_is_refused_with_what_to_do(
    name: str, entered: dict[str, str], line: str, says: str
) -> None:
    assert KINDS[name].entered({}) == entered
    assert KINDS[name].line(entered) == line
    with pytest.raises(AnswerError, match=says):
        canonical(SPECS[name], entered, None)


def test_what_was_refused_is_shown_again_as_far_as_there_are_such_labels() -> None:
    multi, single, text = SPECS.values()
    assert MULTI.shown_again(multi, {"labels": ["gone", "lost", "late"]}) == {"labels": ["lost", "late"]}
    assert SINGLE.shown_again(single, {"label": "lost"}) == {"label": "lost"}
    assert SINGLE.shown_again(single, {"label": "gone"}) is None
    assert SINGLE.shown_again(single, {"label": ""}) is None
    assert SINGLE.labels_in({"label": ""}) == []
    assert TEXT.shown_again(text, {"text": " "}) == {"text": " "}
    assert TEXT.shown_again(text, "no form of ours") is None


def test_only_an_answer_without_labels_is_empty_and_has_to_be_confirmed() -> None:
    assert MULTI.is_empty({"labels": []})
    assert not MULTI.is_empty({"labels": ["late"]})
    assert MULTI.nothing_given
    assert not SINGLE.is_empty({"label": "late"})
    assert not TEXT.is_empty({"text": "No."})


def test_the_field_of_a_text_holds_what_was_written_and_beside_it_what_the_model_proposed() -> None:
    spec = SPECS["text"]
    assert TEXT.fields(spec, {"text": "Hello"}, {"text": "Dear Ana"}, None) == {"text": "Dear Ana", "proposed": "Hello"}
    assert TEXT.fields(spec, None, None, None) == {"text": "", "proposed": ""}


def test_a_long_text_is_one_short_line() -> None:
    assert TEXT.line({"text": "word " * 40}) == "word " * 16
    assert TEXT.line({"text": "Dear Ana"}) == "Dear Ana"


def test_two_texts_differ_or_do_not() -> None:
    assert TEXT.difference({"text": "a"}, {"text": "a"}) == ""
    assert TEXT.difference({"text": "a"}, {"text": "A"}) == "The texts differ."


def test_a_text_with_characters_that_cannot_be_stored_is_read_with_a_note() -> None:
    repairs: list[str] = []
    assert TEXT.read(SPECS["text"], "a b", None, repairs) == {"text": "a b"}
    assert not repairs
    assert TEXT.read(SPECS["text"], " a\x00b", None, repairs) == {"text": "a\ufffdb"}
    assert repairs == ["characters that cannot be stored replaced"]


def test_bare_words_are_a_value_where_they_name_a_label_and_never_of_a_text() -> None:
    assert MULTI.said(SPECS["multi_label"], "LATE") == ["LATE"]
    assert MULTI.said(SPECS["multi_label"], "I am not sure") is None
    assert TEXT.said(SPECS["text"], "late") is None
