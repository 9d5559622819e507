"""Spans: their stored form, what a model is taught to write, and how quotes are found again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.answers import Status, parse
from labeling.carrying import Carrier
from labeling.kinds import KINDS, AnswerError, LabelDef, NoLongerFitsError, Spec, canonical, dumps, validate_answer
from labeling.prompts import input_of, training_row

pytestmark = pytest.mark.pure

SPEC = Spec("spans", "Mark it.", (LabelDef("person", id="p"), LabelDef("place", id="l")))
TEXT = "Ana Berg met Ana in New York. 😀 ANA left."
KIND = KINDS["spans"]


def span(label: str, start: int, end: int, text: str = TEXT) -> dict[str, Any]:
    return {"label": label, "start": start, "end": end, "text": text[start:end]}


def stored(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"spans": list(spans)}


ANA, BERG, SECOND, YORK, LOUD = (
    span("person", 0, 3),
    span("person", 0, 8),
    span("person", 13, 16),
    span("place", 20, 28),
    span("person", 32, 35),
)


@pytest.mark.parametrize(
    ("given_value", "answer"),
    [
        ({"spans": [YORK, ANA]}, stored(ANA, YORK)),
        ([{"label": "Place", "start": 20, "end": 28}], stored(YORK)),
        ([{"label": "person", "text": "Ana"}, {"label": "person", "text": "Ana"}], stored(ANA, SECOND)),
        ([{"label": "person", "text": "Ana", "nth": 2}], stored(SECOND)),
        ([[19, 29, "place"]], [span("place", 20, 29)]),
        ([["place", "new  york"]], stored(YORK)),
        ([ANA, ANA], stored(ANA)),
        ({"label": "person", "start": 32, "end": 35}, stored(LOUD)),
        ([{"labels": ["place"], "start_offset": 20, "end_offset": 28}], stored(YORK)),
        ([], stored()),
    ],
)
def test_places_and_quotes_are_taken_and_stored_in_order(given_value: Any, answer: Any) -> None:
    wanted = answer if isinstance(answer, dict) else {"spans": answer}
    assert canonical(SPEC, given_value, TEXT) == wanted
    validate_answer(SPEC, wanted, TEXT)


def test_places_count_code_points_and_leave_white_space_out() -> None:
    assert LOUD["text"] == "ANA"
    assert canonical(SPEC, [[18, 28, "place"]], "Ana, then she went [ York ] and back")["spans"] == [
        {"label": "place", "start": 19, "end": 27, "text": "[ York ]"}
    ]
    assert canonical(SPEC, [[20, 26, "place"]], "Ana, then she went [ York ] and back")["spans"][0]["text"] == "York"


@pytest.mark.parametrize("quote", ["New\nYork", "New\r\nYork", "NewYork"])
def test_a_piece_over_a_line_end_comes_back_from_a_form(quote: str) -> None:
    text = "In New\nYork."
    wanted = stored({"label": "place", "start": 3, "end": 11, "text": "New\nYork"})
    sent = {"span_label": ["place"], "span_text": [quote], "span_start": ["3"], "span_end": ["11"]}
    assert canonical(SPEC, KIND.entered(sent), text) == wanted
    sent |= {"span_start": [""], "span_end": [""]}
    assert canonical(SPEC, KIND.entered(sent), text) == wanted


@pytest.mark.parametrize(
    ("given_value", "says"),
    [
        ("Ana", "not a list of spans"),
        ([["thing", "Ana"]], "Unknown label 'thing'"),
        ([{"text": "Ana"}], "Span 1, 'Ana', has no label"),
        ([{"label": "person"}], "neither places nor a text"),
        ([{"label": "person", "text": "Bob"}], "does not hold 'Bob'"),
        ([{"label": "person", "text": "Berg"}] * 2, "once more"),
        ([{"label": "person", "start": 0}], "only one of its two places"),
        ([{"label": "person", "start": "x", "end": "y"}], "places are whole numbers"),
        ([{"label": "person", "start": 4, "end": 99}], "no piece of a text of 41 characters"),
        ([{"label": "person", "start": 3, "end": 4}], "white space"),
        ([{**ANA, "text": "Bob"}], "are 'Ana', not 'Bob'"),
        ([ANA] * 201, "at most 200"),
        ([7], "Span 1 is 7"),
        ([{"label": "person", "text": 7}], "which is no text"),
    ],
)
def test_what_marks_nothing_is_refused_with_what_to_do(given_value: Any, says: str) -> None:
    with pytest.raises(AnswerError, match=says.replace("(", r"\(")):
        canonical(SPEC, given_value, TEXT)


def test_without_its_text_only_the_stored_form_is_an_answer() -> None:
    assert canonical(SPEC, stored(ANA), None) == stored(ANA)
    for value in ([{"label": "person", "text": "Ana"}], [{**ANA, "end": 9}]):
        with pytest.raises(AnswerError, match="not kept"):
            canonical(SPEC, value, None)
    with pytest.raises(AnswerError, match="not kept"):
        dumps(SPEC, stored(ANA), None)
    assert parse('{"spans": []}', SPEC, None).status == Status.FAILED


@pytest.mark.parametrize(
    ("spans", "written"),
    [
        ([ANA, SECOND], [{"label": "person", "text": "Ana"}] * 2),
        ([SECOND], [{"label": "person", "text": "Ana", "nth": 2}]),
        ([ANA, BERG, YORK], [{"label": "person", "text": "Ana"}, {"label": "person", "text": "Ana Berg"},
                             {"label": "place", "text": "New York"}]),
        ([span("person", 32, 35)], [{"label": "person", "text": "ANA"}]),
        ([], []),
    ],
)  # fmt: skip
def test_a_model_is_taught_to_quote_and_to_number_only_what_would_be_mistaken(spans: Any, written: Any) -> None:
    assert json.loads(dumps(SPEC, stored(*spans), TEXT)) == {"spans": written}


def test_whole_words_come_before_pieces_of_words() -> None:
    text = "Banana an ananas"
    assert canonical(SPEC, [["person", "an"]], text)["spans"][0]["start"] == 7
    inner = canonical(SPEC, [{"label": "person", "text": "an", "nth": 2}], text)
    assert inner["spans"][0]["start"] == 1
    assert '"nth": 2' in dumps(SPEC, inner, text)


# Few letters: many equal pieces, inside words and over their edges.
TEXTS = st.text("ab é😀\n", min_size=1, max_size=24).map(str.strip).filter(bool)


@given(TEXTS, st.lists(st.tuples(st.integers(0, 24), st.integers(1, 8), st.sampled_from(["person", "place"]))))
def test_what_is_taught_is_read_back_whatever_is_marked(text: str, marks: list[tuple[int, int, str]]) -> None:
    places = [(start, min(start + length, len(text)), label) for start, length, label in marks if start < len(text)]
    answer = canonical(SPEC, [place for place in places if text[place[0] : place[1]].strip()], text)
    validate_answer(SPEC, answer, text)
    assert parse(dumps(SPEC, answer, text), SPEC, text).answer == answer
    assert parse(dumps(SPEC, answer, text), SPEC, text).status == Status.STRICT


def test_a_quote_with_chat_marks_is_found_as_the_prompt_breaks_them() -> None:
    text = "He wrote <|im_end|> and left."
    answer = canonical(SPEC, [["person", "<|im_end|>"]], text)
    row = training_row(SPEC, text, answer)
    said = row["completion"][0]["content"]
    assert "< |im_end| >" in said
    assert (parse(said, SPEC, text).answer, parse(said, SPEC, text).status) == (answer, Status.STRICT)
    assert parse(said, SPEC, input_of(SPEC, row["prompt"])).status == Status.STRICT


def test_labels_are_the_same_under_other_names_and_orders() -> None:
    asked = Spec("spans", "Mark it.", (LabelDef("city", id="l"), LabelDef("human", id="h", merged=("p",))))
    same = stored(span("person", 0, 3), span("place", 0, 3))
    carried = Carrier(SPEC, asked).carry(same)
    assert carried == stored(span("city", 0, 3), span("human", 0, 3))
    assert KIND.identities(SPEC, same)["spans"] == [[0, 3, "l"], [0, 3, "p"]]
    gone = Spec("spans", "Mark it.", (LabelDef("human", id="p"),))
    with pytest.raises(NoLongerFitsError, match="'place' was removed"):
        Carrier(SPEC, gone).carry(stored(YORK))
    assert Carrier(SPEC, gone).carry_reading(stored(YORK, ANA)) == stored(span("human", 0, 3), YORK)


def test_a_merge_makes_one_of_two_spans() -> None:
    merged = Spec("spans", "Mark it.", (LabelDef("thing", id="p", merged=("l",)),))
    assert Carrier(SPEC, merged).carry(stored(span("person", 0, 3), span("place", 0, 3))) == stored(span("thing", 0, 3))


def test_several_answers_are_put_together_up_to_the_limit() -> None:
    assert KIND.joined(SPEC, [stored(YORK), stored(ANA), stored(ANA)]) == stored(ANA, YORK)
    text = "ab " * 120
    halves = [canonical(SPEC, [[3 * n, 3 * n + 2, label] for n in range(120)], text) for label in ("person", "place")]
    with pytest.raises(AnswerError, match="240 spans where at most 200"):
        KIND.joined(SPEC, halves)


def test_people_read_a_line_and_what_differs() -> None:
    assert KIND.line(stored(ANA, YORK)) == "person: Ana, place: New York"
    assert KIND.line(stored()) == "no span"
    assert KIND.line(stored(*[ANA] * 14)).endswith("person: Ana, 2 more")
    assert KIND.line(stored({"text": "word " * 20})) == f"?: {'word ' * 7}word…"
    other = stored({**ANA, "label": "place"}, LOUD)
    assert KIND.difference(stored(ANA, YORK), other) == (
        "Relabelled: person: Ana as place. Added: person: ANA. Taken away: place: New York."
    )
    assert KIND.difference(other, other) == ""
    assert KIND.labels_in(other) == ["place", "person"]


def test_the_form_is_a_list_of_rows() -> None:
    sent = {
        "span_label": ["person", "place", "", "place", ""],
        "span_text": ["Ana", "New York", "", "", ""],
        "span_start": ["0", "20", "", "x", ""],
        "span_end": ["3", "28", "", "4", ""],
        "span_gone": ["1"],
    }
    entered = KIND.entered(sent)
    assert entered == {"spans": [ANA, {"label": "place", "start": "x", "end": 4}]}
    assert KIND.shown_again(SPEC, entered) == entered
    fields = KIND.fields(SPEC, stored(ANA), entered, TEXT)
    assert [row["start"] for row in fields["rows"]] == [0, "x", "", "", ""]
    assert (fields["text"], fields["proposed"]) == (TEXT, json.dumps([ANA]))
    assert [toggle.key for toggle in fields["toggles"]] == ["1", "2"]
    assert KIND.entered({}) == {"spans": []}
    assert KIND.is_empty({"spans": []})
