"""What each format writes of one sample: byte for byte, without a database."""

import json
from typing import Any

import pytest

from labeling.formats import WRITERS, Answered, Golden, Item, LeftOut
from labeling.formats.plain import guarded, unguarded
from labeling.kinds import LabelDef, Spec, kind_of

pytestmark = pytest.mark.pure

TAGS = Spec("multi_label", "Tag it.", (LabelDef("late"), LabelDef("[x]"), LabelDef("=1")))
ONE = Spec("single_label", "Tag it.", (LabelDef("late"), LabelDef("[x]"), LabelDef("=1")))
FREE = Spec("text", "Answer it.")
TOLD = '[{"model": "m:v1", "at": "t1", "answer": {"labels": ["late"]}, "confidence": 0.5}, ' \
       '{"model": "m:v1", "at": "t2", "answer": {"labels": ["[x]"]}, "confidence": null}, ' \
       '{"model": "n", "at": "t3", "answer": null, "confidence": null}]'  # fmt: skip


def item(spec: Spec = TAGS, answer: Any = None, **values: Any) -> Item:
    """A sample with that approved answer."""
    read = None if answer is None else Answered(answer, json.dumps(answer), kind_of(spec).labels_in(answer))
    golden = Golden(read, "", json.dumps(answer), 3, "ana", "2026-01-02T03:04:05+00:00", "blind", "review")
    given: dict[str, Any] = {
        "uid": "u-1", "text": "Wo?", "input": None, "external_id": "7", "split": "train", "way_in": "import",
        "added_at": "2026-01-01T00:00:00+00:00", "state": "golden", "is_withdrawn": False,
        "is_withheld": False,
        "golden": None if answer is None else golden, "proposals": "[]", "decisions": "[]",
    }  # fmt: skip
    return Item(**{**given, **values})


def row(format: str, spec: Spec = TAGS, answer: Any = None, **values: Any) -> Any:
    """The row as JSON reads it."""
    return json.loads(WRITERS[format](spec).row(item(spec, answer, **values)))


LATE = {"labels": ["late"]}
META = {"uid": "u-1", "split": "train", "external_id": "7"}
SYSTEM = {"role": "system", "content": 'Tag it.\nLabels: late, [x], =1\nAnswer in JSON: {"labels": ["..."]}'}
USER, BOT = {"role": "user", "content": "Wo?"}, {"role": "assistant", "content": '{"labels": ["late"]}'}
CHOICE = {
    "from_name": "label",
    "type": "choices",
    "value": {"choices": ["late"]},
    "to_name": "text",
    "origin": "manual",
}


def test_the_complete_line():
    assert row("touchstone", answer=LATE, proposals='[{"model": "m"}]', decisions='[{"by": "ana"}]') == {
        "uid": "u-1", "text": "Wo?", "input": None, "id": "7", "split": "train", "way_in": "import",
        "added_at": "2026-01-01T00:00:00+00:00", "state": "golden", "answer": LATE, "withheld": False,
        "approved": {"as_given": LATE, "spec_number": 3, "by": "ana", "at": "2026-01-02T03:04:05+00:00",
                     "given": "blind", "source": "review"},
        "proposals": [{"model": "m"}], "decisions": [{"by": "ana"}],
    }  # fmt: skip
    bare = row("touchstone", is_withheld=True, input=[{"role": "user", "content": "Wo?"}])
    assert (bare["answer"], bare["approved"], bare["withheld"]) == (None, None, True)
    assert bare["input"] == [{"role": "user", "content": "Wo?"}]
    known = item(answer=LATE)
    assert known.golden is not None
    unfit = known._replace(golden=known.golden._replace(read=None, reason="it is gone", by=None))
    told = json.loads(WRITERS["touchstone"](TAGS).row(unfit))
    assert (told["answer"], told["approved"]["as_given"], told["approved"]["by"]) == (None, LATE, None)


def test_the_plain_line():
    assert row("jsonl", answer=LATE) == {"text": "Wo?", "answer": LATE, "id": "7", "split": "train"}
    turns = [{"role": "user", "content": "Wo?"}]
    assert row("jsonl", input=turns) == {
        "text": "Wo?", "input": turns, "answer": None, "id": "7", "split": "train",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "answer", "cell"),
    [
        (TAGS, None, ""),
        (TAGS, LATE, "late"),
        (TAGS, {"labels": []}, '"{""labels"": []}"'),
        (TAGS, {"labels": ["[x]"]}, '"{""labels"": [""[x]""]}"'),
        (TAGS, {"labels": ["late", "=1"]}, '"{""labels"": [""late"", ""=1""]}"'),
        (ONE, {"label": "=1"}, "'=1"),
        (FREE, {"text": "-5, or so"}, '"\'-5, or so"'),
    ],
)
def test_a_row_of_a_table(spec, answer, cell):
    assert WRITERS["csv"](spec).row(item(spec, answer, text="=1+1")) == f"7,'=1+1,{cell},train,golden\r\n"
    assert WRITERS["csv"].begin == "id,text,answer,split,state\r\n"
    assert WRITERS["tsv"].begin == "id\ttext\tanswer\tsplit\tstate\r\n"


def test_a_table_between_tabs_holds_an_input_as_json():
    turns = [{"role": "user", "content": "Wo?"}]
    written = WRITERS["tsv"](TAGS).row(item(input=turns))
    assert written == '7\t"[{""role"": ""user"", ""content"": ""Wo?""}]"\t\ttrain\tgolden\r\n'


def test_a_task_of_label_studio():
    task = row("label_studio", answer=LATE, proposals=TOLD)
    (annotation,) = task["annotations"]
    assert (task["data"], task["meta"], annotation["result"]) == ({"text": "Wo?"}, META, [CHOICE])
    assert (annotation["completed_by"], annotation["was_cancelled"]) == ({"username": "ana"}, False)
    (said,) = task["predictions"]
    assert (said["model_version"], said["created_at"], said["score"]) == ("m:v1", "t2", None)
    assert said["result"] == [{**CHOICE, "value": {"choices": ["[x]"]}, "origin": "prediction"}]
    assert row("label_studio")["annotations"] == []
    assert row("label_studio", answer={"labels": []})["annotations"][0]["result"] == []
    written = row("label_studio", FREE, {"text": "Hier."})["annotations"][0]["result"]
    assert written == [
        {"from_name": "answer", "type": "textarea", "value": {"text": ["Hier."]}, "to_name": "text", "origin": "manual"}
    ]
    assert (WRITERS["label_studio"].begin, WRITERS["label_studio"].end) == ("[\n", "\n]\n")


def test_doccano_and_prodigy():
    assert row("doccano", answer=LATE) == {"text": "Wo?", "label": ["late"], "meta": META}
    assert row("doccano", external_id="") == {"text": "Wo?", "label": [], "meta": {"uid": "u-1", "split": "train"}}
    assert row("doccano", FREE, {"text": "Hier."})["label"] == ["Hier."]
    with pytest.raises(LeftOut, match="no label fits"):
        row("doccano", answer={"labels": []})
    options = [{"id": name, "text": name} for name in ("late", "[x]", "=1")]
    asked = {"text": "Wo?", "meta": META, "options": options, "_view_id": "choice"}
    assert row("prodigy") == asked
    assert row("prodigy", answer=LATE) == {**asked, "accept": ["late"], "answer": "accept"}
    typed = {"text": "Wo?", "meta": META, "_view_id": "text_input"}
    assert row("prodigy", FREE) == typed
    assert row("prodigy", FREE, {"text": "Hier."}) == {**typed, "user_input": "Hier.", "answer": "accept"}


def test_what_models_are_trained_on():
    assert row("openai_chat", answer=LATE) == {"messages": [SYSTEM, USER, BOT]}
    assert row("prompt_completion", answer=LATE) == {"prompt": [SYSTEM, USER], "completion": [BOT]}
    said = [("system", SYSTEM), ("human", USER), ("gpt", BOT)]
    assert row("sharegpt", answer=LATE) == {
        "conversations": [{"from": name, "value": each["content"]} for name, each in said]
    }
    assert row("alpaca", answer=LATE) == {"instruction": "Tag it.", "input": "Wo?", "output": BOT["content"]}
    assert row("question_answer", FREE, {"text": "Hier."}) == {"question": "Wo?", "answer": "Hier.", "id": "7"}
    turns = [USER, {"role": "assistant", "content": "Was?"}, USER]
    assert row("openai_chat", answer=LATE, input=turns) == {"messages": [SYSTEM, *turns, BOT]}


@pytest.mark.parametrize("format", ["openai_chat", "prompt_completion", "sharegpt", "alpaca", "question_answer"])
def test_what_has_no_answer_is_left_out_with_the_reason(format):
    known = item(answer=LATE)
    assert known.golden is not None
    unfit = known._replace(golden=known.golden._replace(read=None, reason="it is gone"))
    reasons = {
        "it has no approved answer": item(),
        "it is a test text, whose answers were not asked for": item(is_withheld=True),
        "its answer no longer fits: it is gone": unfit,
    }
    for reason, each in reasons.items():
        with pytest.raises(LeftOut, match=f"^{reason}$"):
            WRITERS[format](TAGS).row(each)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1", "'=1"),
        ("'=1", "''=1"),
        ("-", "'-"),
        ("@a", "'@a"),
        ("+1", "'+1"),
        ("\ta", "'\ta"),
        ("'a", "'a"),
        ("a=", "a="),
    ],
)
def test_a_cell_that_would_be_a_formula_is_guarded_and_comes_back(cell, written):
    assert guarded(cell) == written
    assert unguarded(written) == cell
