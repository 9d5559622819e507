"""Own keys of the review page: what is refused, and that what is kept is only what differs."""

import pytest

from labeling.review_keys import COMMANDS, FIXED, KeysError, keys_of, own_keys

pytestmark = pytest.mark.pure


def test_everybodys_keys_are_single_free_and_different():
    keys = [command.key for command in COMMANDS]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(FIXED)
    assert own_keys(keys_of({})) == {}


def test_two_commands_may_change_their_keys():
    own = own_keys(keys_of({}) | {"skip": "X", "reject": "s"})
    assert own == {"skip": "x", "reject": "s"}
    assert keys_of(own)["skip"] == "x"


def test_a_command_may_have_no_key():
    assert keys_of(own_keys(keys_of({}) | {"reject": ""}))["reject"] == ""


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"skip": "u"}, "U is there twice, for “Skip” and for “Undo your last decision”"),
        ({"skip": "1"}, "1 turns a label on or off"),
        ({"skip": "?"}, "shows the keys"),
        ({"skip": "ab"}, "no single key"),
        ({"skip": "\x07"}, "no single key"),
    ],
)
def test_what_cannot_be_a_key_is_refused_in_words(keys, words):
    with pytest.raises(KeysError, match=words.replace("?", r"\?")):
        own_keys(keys_of({}) | keys)
