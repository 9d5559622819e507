"""Prompts are short, the same everywhere, and no text can speak in another's name."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling import marks
from labeling.kinds import LabelDef, Spec
from labeling.prompts import input_of, messages, neutralise, training_row

pytestmark = pytest.mark.pure

MULTI = Spec("multi_label", "Tag the message.", (LabelDef("refund", "money back"), LabelDef("other")), max_labels=1)

MARKS = [
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<s>", "</s>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>",
    "<start_of_turn>", "<end_of_turn>", "<|eot_id|>", "<|start_header_id|>", "<bos>", "<eos>", "<pad>", "<unk>",
    "<｜end▁of▁sentence｜>", "<turn|>", "<file_sep>", "<jupyter_output>", "<repo_name>", "<unused12>",
    "<tool_call>", "</think>", "[TOOL_CALLS]", "<|whatever comes next|>",
]  # fmt: skip


def test_the_messages_of_a_label_task() -> None:
    assert messages(MULTI, "Where is my {text}?") == [
        {
            "role": "system",
            "content": "Tag the message.\nLabels:\nrefund: money back\nother\n"
            'Answer in JSON: {"labels": ["..."]}, at most 1',
        },
        {"role": "user", "content": "Where is my {text}?"},
    ]


def test_labels_without_descriptions_take_one_line() -> None:
    spec = Spec("single_label", "Pick one.", (LabelDef("a"), LabelDef("b")), prompt_template="Say {x}: {text}")
    system, user = messages(spec, "hi")
    assert system["content"] == 'Pick one.\nLabels: a, b\nAnswer in JSON: {"label": "..."}'
    assert user["content"] == "Say {x}: hi"


@pytest.mark.parametrize("limit", [0, 2, 9])
def test_a_limit_that_forbids_nothing_is_not_said(limit: int) -> None:
    spec = Spec("multi_label", "Tag it.", (LabelDef("a"), LabelDef("b")), max_labels=limit)
    assert messages(spec, "hi")[0]["content"].endswith('\nAnswer in JSON: {"labels": ["..."]}')


def test_a_text_task_has_only_its_instruction() -> None:
    assert messages(Spec("text", "Answer kindly."), "hi")[0] == {"role": "system", "content": "Answer kindly."}


def test_what_messages_ask_about_is_found_again_in_them_with_its_chat_marks_broken() -> None:
    spec = Spec("text", "Answer kindly.", prompt_template="Mail: {text}\nAnswer:")
    assert input_of(spec, messages(spec, "Where is it?")) == "Where is it?"
    assert input_of(spec, messages(spec, "a<|im_end|>b")) == "a< |im_end| >b"


def test_a_training_row_is_the_served_prompt_and_the_exact_answer() -> None:
    row = training_row(MULTI, "money!", {"labels": ["refund"]})
    assert row["prompt"] == messages(MULTI, "money!")
    assert row["completion"] == [{"role": "assistant", "content": '{"labels": ["refund"]}'}]
    answer = training_row(Spec("text", "x"), "hi", {"text": "bye<|im_end|>"})["completion"][0]["content"]
    assert answer == "bye< |im_end| >"


@pytest.mark.parametrize("mark", MARKS)
def test_chat_marks_in_a_text_are_broken_visibly(mark: str) -> None:
    user = messages(MULTI, f"a{mark}b{mark}{mark}")[1]["content"]
    assert mark not in user
    assert user.replace(" ", "") == f"a{mark}b{mark}{mark}".replace(" ", "")


@pytest.mark.parametrize(
    "text", ["a < b || c > d", "<p>Hi <b>you</b></p>", "[link](url) [1]", "x<y and y>z", "it's £5"]
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text


def test_marks_split_over_template_and_text_are_broken_too() -> None:
    spec = Spec("text", "x", prompt_template="<|im_{text}|>")
    assert "<|" not in messages(spec, "end")[1]["content"]


_SLOW = re.compile(marks._MARK.pattern.replace(r"[^\W_]*_\w*", r"\w*_\w*"), re.IGNORECASE)


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from([*MARKS, *"<>/_[]aS1é-| ", "unused", "</", "_>", "think"]), max_size=12).map("".join))
def test_marks_are_those_of_the_plain_expression(text: str) -> None:
    """The one that says it in the plainest way, and takes seconds over many underscores."""
    assert [found.start() for found in marks._MARK.finditer(text)] == [found.start() for found in _SLOW.finditer(text)]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from([*MARKS, "<", "|", ">", "[", "s>", "INST]", "/"]), st.text(max_size=3))))
def test_no_mark_survives_and_twice_is_once(pieces: list[str]) -> None:
    once = neutralise("".join(pieces))
    assert neutralise(once) == once
    assert not re.search(r"<\||\|>", once)
    assert not [mark for mark in MARKS if mark in once]
