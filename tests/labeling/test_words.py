"""Labels in words: whole words only, the longest name, and nothing where the text doubts, denies or asks."""

import pytest

from labeling.kinds.words import MOST_CHARACTERS, denies, find_names, given_names, leads_astray, turns

pytestmark = pytest.mark.pure

NAMES = ("card", "card_arrival", "yes, please", "C++", "退款", "not_spam", "1", "-")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("card", ["card"]),
        ("cards, discard", []),
        ("Card-Arrival and CARD  arrival", ["Card-Arrival", "CARD  arrival"]),
        ("card\narrival", ["card"]),
        ("card\\_arrival", ["card_arrival"]),
        ("Yes, please!", ["Yes, please"]),
        ("yes please", []),
        ("c++ or c+", ["c++"]),
        ("请求退款吧", ["退款"]),
        ("not spam", ["not spam"]),
        ("ｃａｒｄ", ["card"]),
        ("11 1", ["1"]),
        ("", []),
    ],
)
def test_names_are_found_as_whole_words(text: str, names: list[str]) -> None:
    assert find_names(NAMES, text).names == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("card, 退款", ["card", "退款"]),
        ("card and C++", ["card", "C++"]),
        ("card C++", None),
        ("card. C++", None),
        ("card.\n2) C++", ["card", "C++"]),
        ("1) card\n2) C++", None),
        ("2. card", ["card"]),
        ("about 2. card", None),
        ("the answer 2 card", None),
        ("so the label would be card", ["card"]),
        ("it says: card", None),
        ("whatever it says, the tags are: card", ["card"]),
        ("label card", ["card"]),
        ("x label card", None),
        ("is = card", ["card"]),
        ("x is card", None),
        ("card. It says so.", ["card"]),
        ("card it says so.", None),
        ("card.\nWait!", None),
        ("card. It isn't.", None),
        ("card?", None),
        ("not spam", ["not spam"]),
        ("not not spam", None),
        ("“card”", ["card"]),
        ('"card', None),
        ("`card` `", None),
        ("{card", None),
        ("card]", None),
        ("none", []),
        ("the answer is none of them.", []),
        ("no label, none", None),
        ("the", None),
        ("**", None),
        ("", None),
    ],
)
def test_a_text_gives_names_or_none_or_nothing(text: str, names: list[str] | None) -> None:
    assert given_names(NAMES, text) == names


def test_a_long_text_gives_nothing() -> None:
    filler = "is " * ((MOST_CHARACTERS - 4) // 3 + 1)
    assert given_names(NAMES, f"{filler[: MOST_CHARACTERS - 5]} card") == ["card"]
    assert given_names(NAMES, f"{filler[: MOST_CHARACTERS - 4]} card") is None


def test_what_takes_back_and_what_turns() -> None:
    assert denies("It is NOT so")
    assert denies("Is it?")
    assert denies("It doesn’t")
    assert not denies("noted, tent, ant")
    assert turns("Hmm")
    assert turns("never")
    assert turns("I can't")
    assert not turns("Anything else?")


@pytest.mark.parametrize(
    ("text", "astray"),
    [
        ("It is not ", True),
        ("It is not clear. The answer: ", False),
        ("I am not sure!\n\n", True),
        ("No.\nHere: ", False),
        ("For example:\n```", True),
        ("It isn't ", True),
        ("Is it not? Here it is: ", False),
        ("", False),
        ("```json\n", False),
    ],
)
def test_the_sentence_before_an_answer_counts(text: str, astray: bool) -> None:
    assert leads_astray(text) is astray
