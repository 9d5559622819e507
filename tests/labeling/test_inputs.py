"""What is asked about: a text or a conversation, checked, put into a prompt and read back from one."""

import pytest

from labeling.kinds.inputs import CONVERSATION, INPUTS, TEXT, InputError, whole

pytestmark = pytest.mark.pure

TALK = [
    {"role": "user", "content": "Where is it?"},
    {"role": "assistant", "content": "On its way."},
    {"role": "user", "content": "Since when?"},
]


def test_the_forms_by_name() -> None:
    assert INPUTS == {"text": TEXT, "conversation": CONVERSATION}


def test_a_text_is_kept_without_white_space_around_it() -> None:
    assert TEXT.check("  a b\n") == "a b"
    assert TEXT.check("a\x00b") == "a\ufffdb"
    assert (TEXT.text("a b"), TEXT.of_text("a b")) == ("a b", "a b")


@pytest.mark.parametrize(("value", "says"), [(7, "asks about texts"), (TALK, "asks about texts"), (" \n", "is empty")])
def test_what_is_no_text(value: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        TEXT.check(value)


def test_a_text_stands_in_the_template_and_is_found_again() -> None:
    template = "Message: {text}\nTag it."
    (turn,) = TEXT.turns(template, "late")
    assert turn == {"role": "user", "content": "Message: late\nTag it."}
    assert TEXT.of_turns(template, [turn]) == "late"
    assert TEXT.of_turns(template, [{"role": "user", "content": "Something else"}]) == "Something else"
    assert TEXT.of_turns("ab{text}bc", [{"role": "user", "content": "abc"}]) == "abc", "head and tail may not overlap"


def test_a_conversation_is_kept_turn_by_turn() -> None:
    given = [{**turn, "content": f" {turn['content']} ", "more": 1} for turn in TALK]
    assert CONVERSATION.check(given) == TALK
    assert CONVERSATION.text(TALK) == "user: Where is it?\n\nassistant: On its way.\n\nuser: Since when?"
    assert CONVERSATION.of_text("Hi") == [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("a text", "asks about conversations"),
        ([], "asks about conversations"),
        (TALK[:2], "last turn is not the user's"),
        (TALK[1:], "Turn 0 is not the user's"),
        ([TALK[0], TALK[0]], "Turn 1 is not the assistant's"),
        (["Hi"], "Turn 0 is not the user's"),
        ([{"role": "user", "content": "  "}], "Turn 0 has no content"),
        ([{"role": "user", "content": 7}], "Turn 0 has no content"),
    ],
)
def test_what_is_no_conversation(value: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        CONVERSATION.check(value)


def test_the_template_stands_around_the_last_turn() -> None:
    turns = CONVERSATION.turns("Q: {text}!", TALK)
    assert turns == [*TALK[:2], {"role": "user", "content": "Q: Since when?!"}]
    assert CONVERSATION.of_turns("Q: {text}!", turns) == TALK
    assert TALK[-1]["content"] == "Since when?", "the input stays as it was"


def test_a_row_holds_its_input_only_where_that_is_more_than_its_text() -> None:
    assert whole("a", None) == "a"
    assert whole("a", TALK) == TALK
