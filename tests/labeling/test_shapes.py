"""How other tools lay out a text and its answer: one case of each layout, and what is refused with a sentence."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.formats import SHAPES, shape_of
from labeling.import_cells import ColumnMapping, Row
from labeling.importers import read_rows

pytestmark = pytest.mark.pure

USER, BOT = {"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "On its way."}
CHOICE = {"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["late"]}}
RATING = {"type": "rating", "value": {"rating": 4}}
SPAN = {"type": "labels", "value": {"start": 0, "end": 2, "text": "Wh", "labels": ["X"]}}

# By the name of the shape: a row, its text, its answer, its id.
ROWS: list[tuple[str, dict[str, Any], str, Any, str]] = [
    ("touchstone",
     {"text": "a", "answer": {"labels": ["x"]}, "id": "7", "approved": {}, "proposals": [], "decisions": []},
     "a", {"labels": ["x"]}, "7"),
    ("label_studio", {"id": 3, "data": {"text": "a"}, "annotations": [{"result": [CHOICE]}]}, "a", ["late"], "3"),
    ("label_studio", {"id": 3, "data": {"body": "a"}, "completions": [{"result": [CHOICE]}]}, "a", ["late"], "3"),
    ("label_studio", {"data": {"text": "a"}, "annotations": [{"result": [], "was_cancelled": True}]}, "a", None, ""),
    ("label_studio", {"data": {"text": "a"}, "annotations": [{"result": []}]}, "a", [], ""),
    ("label_studio", {"data": {"text": "a"}, "predictions": [{"result": [CHOICE]}]}, "a", None, ""),
    ("label_studio",
     {"data": {"text": "a"}, "annotations": [{"result": [{"type": "textarea", "value": {"text": ["so", "long"]}}]}]},
     "a", "so\nlong", ""),
    ("label_studio",
     {"data": {"text": "a"}, "annotations": [{"result": []}, {"result": [CHOICE], "ground_truth": True}]},
     "a", ["late"], ""),
    ("doccano", {"id": 4, "text": "a", "label": ["late", "lost"]}, "a", ["late", "lost"], "4"),
    ("doccano", {"text": "a", "label": []}, "a", None, ""),
    ("doccano", {"text": "a", "entities": [[0, 1, "X"]], "cats": ["late"]}, "a", ["late"], ""),
    ("prodigy", {"text": "a", "accept": ["late"], "answer": "accept", "_view_id": "choice"}, "a", ["late"], ""),
    ("prodigy", {"text": "a", "label": "late", "answer": "accept", "_input_hash": 1}, "a", "late", ""),
    ("prodigy", {"text": "a", "label": "late", "answer": "reject", "_input_hash": 1}, "a", None, ""),
    ("argilla", {"id": "u", "fields": {"text": "a"}, "suggestions": {},
                 "responses": {"label": [{"value": "late", "status": "submitted"}, {"value": "x", "status": "draft"}]}},
     "a", "late", "u"),
    ("argilla", {"fields": {"body": "a"}, "responses": [{"values": {"label": {"value": ["x"]}}}]}, "a", ["x"], ""),
    ("argilla", {"text": "a", "annotation": "late", "prediction": None}, "a", "late", ""),
    ("openai_chat", {"messages": [{"role": "system", "content": "Be kind."}, USER, BOT]},
     "Where is it?", "On its way.", ""),
    ("openai_chat", {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}, "a", None, ""),
    ("openai_chat", {"messages": [{"user": "a", "assistant": "b"}]}, "a", "b", ""),
    ("openai_chat", {"messages": [USER, BOT], "label": False}, "Where is it?", None, ""),
    ("sharegpt", {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}, "a", "b", ""),
    ("alpaca", {"instruction": "Say it.", "input": "a", "output": "b"}, "a", "b", ""),
    ("alpaca", {"instruction": "Say that.", "input": "a", "output": "b"}, "Say that.\n\na", "b", ""),
    ("alpaca", {"instruction": "Say it.", "input": "", "output": "b"}, "Say it.", "b", ""),
    ("prompt_completion", {"prompt": "a", "completion": "b"}, "a", "b", ""),
    ("prompt_completion", {"prompt": [USER], "completion": [BOT], "label": True}, "Where is it?", "On its way.", ""),
    ("question_answer", {"question": "a", "answer": "b"}, "a", "b", ""),
    ("tagged", {"id": 4, "tokens": ["a", "b"], "tags": ["O", "O"]}, "a b", None, "4"),
    ("langfuse", {"id": "i", "input": {"question": "a"}, "expectedOutput": "b"}, "a", "b", "i"),
    ("langfuse", {"input": {"messages": [USER]}, "output": BOT, "traceId": "t"}, "Where is it?", None, ""),
    ("open_webui", {"id": "c", "chat": {"title": "t", "messages": [USER, BOT]}}, "Where is it?", None, "c"),
    ("open_webui",
     {"chat": {"history": {"currentId": "2", "messages": {"1": USER, "2": {**BOT, "parentId": "1"}}}}},
     "Where is it?", None, ""),
]  # fmt: skip

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("label_studio", {"data": {"text": "a"}, "annotations": [{"result": [SPAN]}]}, "spans"),
    ("label_studio", {"data": {"text": "a"}, "annotations": [{"result": [CHOICE]}, {"result": []}]}, "2 people"),
    ("label_studio", {"data": {"a": "1", "b": "2"}, "annotations": []}, "no 'text'"),
    ("label_studio", {"data": {"text": "a"}, "annotations": [{"result": [RATING]}]}, "neither choices nor text"),
    ("label_studio", {"data": {"text": "a"}, "annotations": [{"result": [{"type": "relation"}]}]}, "neither choices"),
    ("label_studio", {"data": {"text": "a"}, "annotations": [{"result": None}]}, "no list of results"),
    ("doccano", {"text": "a", "label": [[0, 1, "X"]]}, "spans"),
    ("prodigy", {"text": "a", "spans": [{"start": 0}], "answer": "accept", "_input_hash": 1}, "spans"),
    ("openai_chat", {"messages": [USER, BOT, USER, BOT]}, "conversation of 3 turns"),
    ("openai_chat", {"messages": [USER, {"role": "tool", "content": "x"}]}, "turn of 'tool'"),
    ("openai_chat", {"messages": [{**USER, "content": [{"type": "image_url"}]}]}, "not made of text"),
    ("prompt_completion", {"prompt": "a", "chosen": "b", "rejected": "c"}, "preferred"),
    ("langfuse", {"input": {"a": "1", "b": "2"}, "expectedOutput": "b"}, "which part is the text"),
    ("argilla", {"fields": {"text": "a"}, "responses": {"x": [{"value": 1}], "y": [{"value": 2}]}}, "several"),
    ("sharegpt", {"conversations": [{"from": "human", "value": 3}]}, "not made of text"),
]  # fmt: skip


def read(shape: str, record: dict[str, Any], **mapping: Any) -> Row:
    line = io.BytesIO(json.dumps(record).encode())
    told = ColumnMapping(shape=shape, instruction="Say it.", **{"answer": "answer", **mapping})
    return next(iter(read_rows(line, "jsonl", told)))


@pytest.mark.parametrize(("shape", "record", "text", "answer", "id"), ROWS)
def test_a_row_of_each_layout_is_known_and_read(shape, record, text, answer, id):
    found = shape_of([record])
    assert found is not None
    assert found.name == shape
    row = read(shape, record)
    assert (row.error, row.text, row.answer_raw, row.external_id) == ("", text, answer, id)


def test_every_shape_has_a_case():
    assert {row[0] for row in ROWS} == set(SHAPES)


@pytest.mark.parametrize(("shape", "record", "says"), REFUSED)
def test_what_no_project_takes_is_refused_with_a_sentence(shape, record, says):
    found = shape_of([record])
    assert found is not None
    assert found.name == shape
    assert says in read(shape, record).error


MARKED = "😀 Ana\r\nin Rome"
ANA = {"label": "PER", "start": 2, "end": 5, "text": "Ana"}
ROME = {"label": "LOC", "start": 9, "end": 13, "text": "Rome"}


@pytest.mark.parametrize(
    ("shape", "record", "spans"),
    [
        ("label_studio",
         {"data": {"text": MARKED},
          "annotations": [{"result": [
              {"type": "labels", "value": {"start": 2, "end": 5, "text": "Ana", "labels": ["PER"]}},
              {"type": "labels", "value": {"start": 11, "end": 15, "text": "Rome", "labels": ["LOC"]}},
              {"type": "relation", "from_id": "a", "to_id": "b"}]}]},
         [ANA, ROME]),
        ("doccano", {"text": MARKED, "label": [[2, 5, "PER"], [10, 14, "LOC"]]}, [ANA, ROME]),
        ("doccano", {"text": MARKED, "label": [], "entities": [{"start_offset": 2, "end_offset": 5, "label": "PER"}]},
         [ANA]),
        ("prodigy", {"text": MARKED, "_input_hash": 1, "answer": "accept",
                     "spans": [{"start": 10, "end": 14, "label": "LOC", "token_start": 2, "token_end": 2}]}, [ROME]),
        ("prodigy", {"text": MARKED, "_input_hash": 1, "answer": "accept", "spans": []}, []),
        ("argilla", {"fields": {"text": MARKED}, "responses": {"marks": [
            {"value": [{"start": 2, "end": 5, "label": "PER"}], "status": "submitted"}]}}, [ANA]),
    ],
)  # fmt: skip
def test_marked_pieces_have_places_in_the_text_as_it_is_stored(shape, record, spans):
    row = read(shape, record, takes_spans=True)
    assert (row.error, row.text, row.answer_raw) == ("", MARKED.replace("\r", ""), {"spans": spans})


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-A I-A O B-A", [(0, 6, "A"), (11, 14, "A")]),
        ("I-A I-A I-B S-B", [(0, 6, "A"), (7, 10, "B"), (11, 14, "B")]),
        ("B-A E-A B-A B-A", [(0, 6, "A"), (7, 10, "A"), (11, 14, "A")]),
        ("O O O O", []),
    ],
)
def test_words_with_tags_are_pieces_of_their_text(tags, spans):
    record = {"tokens": ["one", "tw", "thr", "fou"], "tags": tags.split()}
    row = read("tagged", record, takes_spans=True)
    assert row.text == "one tw thr fou"
    assert [(each["start"], each["end"], each["label"]) for each in row.answer_raw["spans"]] == spans
    assert read("tagged", {**record, "text": "onetw. thr-fou"}, takes_spans=True).text == "onetw. thr-fou"
    assert read("tagged", {**record, "text": "other"}, takes_spans=True).text == "one tw thr fou"


def test_a_tag_that_is_none_is_refused():
    assert "'X-A'" in read("tagged", {"tokens": ["a"], "tags": ["X-A"]}, takes_spans=True).error
    assert "no words" in read("tagged", {"tokens": ["a"], "tags": []}, takes_spans=True).error


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"end": 3, "text": "Bob"}, "is 'Bob', which characters 0 to 3"),
        ({"end": "3"}, "not whole"),
        ({"end": 3, "labels": []}, "not whole"),
    ],
)
def test_a_mark_that_does_not_fit_its_text_is_refused(value, says):
    result = [{"value": {"start": 0, "labels": ["PER"], **value}}]
    row = read("label_studio", {"data": {"text": MARKED}, "annotations": [{"result": result}]}, takes_spans=True)
    assert says in row.error


@pytest.mark.parametrize("name", ["doccano", "label_studio"])
def test_spans_leave_the_text_to_those_who_want_no_answers(name):
    record = next(record for shape, record, says in REFUSED if shape == name and says == "spans")
    assert read(name, record, answer=None).text == "a"


def test_a_conversation_goes_into_a_project_that_asks_about_such():
    row = read("openai_chat", {"messages": [USER, BOT, USER, BOT]}, input_form="conversation")
    assert (row.error, row.input, row.answer_raw) == ("", [USER, BOT, USER], "On its way.")


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_column_that_is_chosen_for_the_id_goes_before_the_shape_s_own(format):
    record = {"question": "a", "answer": "b", "id": "7", "Ticket": "T-1"}
    content = json.dumps(record) if format == "jsonl" else f"{','.join(record)}\n{','.join(record.values())}\n"
    for column, id in (("Ticket", "T-1"), (None, "7")):
        mapping = ColumnMapping(shape="question_answer", answer="answer", external_id=column)
        (row,) = read_rows(io.BytesIO(content.encode()), format, mapping)
        assert (row.text, row.answer_raw, row.external_id) == ("a", "b", id)


def test_plain_rows_have_no_shape():
    assert shape_of([{"text": "a", "label": "late"}, {"text": "b", "tags": ["x"]}, {"body": "c"}]) is None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [3], [{}], {"text": 3}, [[1, 2, 3]], {"a": [{}]}])
def test_no_value_in_a_known_place_crashes_a_shape(shape, value):
    names = {name for row in (*ROWS, *REFUSED) if row[0] == shape for name in row[1]}
    for name in names:
        for kept in ({}, *(row[1] for row in ROWS if row[0] == shape)):
            row = read(shape, {**kept, name: value})
            assert row.error or row.text


def test_predictions_of_another_kind_say_nothing():
    said = [{"model_version": "m", "result": [each]} for each in (RATING, CHOICE)]
    row = read("label_studio", {"data": {"text": "a"}, "predictions": said})
    assert [(told.model, told.answer) for told in row.told] == [("m", ["late"])]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all that stands in a value."""
    keys = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in keys for found in places(each, (*path, key)))]


CASES = [(shape, record) for shape, record, *_ in (*ROWS, *REFUSED)]
NAMES = sorted({key for _, record in CASES for path in places(record) for key in path if isinstance(key, str)})
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["", "user", "accept", "submitted"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_no_value_anywhere_makes_a_shape_raise(case, data):
    shape, record = case[0], json.loads(json.dumps(case[1]))
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(places(record)[1:]))
        holder = record
        for key in path:
            holder = holder[key]
        holder[last] = data.draw(VALUES)
    shape_of([record])
    for mapping in ({}, {"answer": None}, {"input_form": "conversation"}):
        row = read(shape, record, **mapping)
        assert row.error or row.text
