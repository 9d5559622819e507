"""JSON as models write it: read in one pass, or cut, broken, or said twice; never guessed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.loose_json import CutError, LooseError, Repeated, once, values_in

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 'b'}", {"a": "b"}),
        ("{a: b c, d: [e, f g]}", {"a": "b c", "d": ["e", "f g"]}),
        ("{“a”: „b“, ‘c’: `d`}", {"a": "b", "c": "d"}),
        ('["a",]', ["a"]),
        ('{"a": 1,}', {"a": 1}),
        ('["a" "b" [1] {"c": 2}]', ["a", "b", [1], {"c": 2}]),
        ('{"a": 1\n"b": 2}', {"a": 1, "b": 2}),
        ('{"a", "b", 3}', ["a", "b", 3]),
        ("{}", {}),
        ("[]", []),
        ("[true, false, null, True, False, None, tRUE]", [True, False, None, True, False, None, "tRUE"]),
        ("[1, -2, 0.5, 1e3, -0, 007, 1., +1, NaN]", [1, -2, 0.5, 1000.0, 0, "007", "1.", "+1", "NaN"]),
        ("{1: 2, true: 3}", {"1": 2, "true": 3}),
        ('["a\\_b", "\\u0041\\n", "a\nb", "\\q"]', ["a_b", "A\n", "a\nb", "q"]),
        ("['it\\'s', '\\t\\x']", ["it's", "\tx"]),
        ('["a//b", a/b]', ["a//b", "a/b"]),
        ("{a: b // c\n}", {"a": "b"}),
        ('{"a": {"b": [{"c": "}]"}]}}', {"a": {"b": [{"c": "}]"}]}}),
        ('{"a": "b"\n```', {"a": "b"}),
        ("{'a': 'b', 'a': 'b'}", {"a": "b"}),
        ("\ufeff[ 'a' ]", ["a"]),
    ],
)
def test_untidy_values_are_read(text: str, value: Any) -> None:
    (found,) = values_in(text)
    assert found.value == value


@pytest.mark.parametrize(
    "text", ["{", "[", '{"a', "{'a", "{“a", '{"a": ', '["a"', '["a",', "{a", "{a: b", "[[1]", "[`a", "[// b"]
)
def test_what_ends_too_early_is_cut(text: str) -> None:
    with pytest.raises(CutError):
        values_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "{a: b: c}", "[,]", "[a,,b]", "{:}", "{a:}", "[}", '{"a"]', '{"a": "b" or "c"}', '["a" b]', "{a, b: c}",
        "{a: b, c}", "{[1]}", "[1}",
    ],
)  # fmt: skip
def test_what_is_broken_is_no_value_and_not_cut(text: str) -> None:
    with pytest.raises(LooseError) as refused:
        values_in(text)
    assert not isinstance(refused.value, CutError)


def test_a_key_given_twice_must_say_the_same() -> None:
    assert isinstance(once([("a", 1), ("a", 1)]), Repeated)
    assert not isinstance(once([("a", 1), ("b", 1)]), Repeated)
    for text in ("{'a': 1, 'a': 2}", "{a: [1], a: [1, 2]}"):
        with pytest.raises(LooseError, match="'a' is there twice"):
            values_in(text)


def test_values_stand_one_after_the_other_and_keep_their_comments() -> None:
    found = values_in("so {a: 1 // one\n} and [2 // two\n, 3] .")
    assert [(each.value, each.start, each.end) for each in found] == [({"a": 1}, 3, 17), ([2, 3], 22, 36)]
    assert [each.comments for each in found] == [(" one",), (" two",)]
    assert values_in("no value") == []


def test_depth_is_bounded_whatever_the_quotes_around() -> None:
    assert values_in("[" * 64 + "]" * 64)
    with pytest.raises(LooseError, match="deeply"):
        values_in('5" ' + "[" * 65 + "]" * 65)
    assert len(values_in("[[]]" * 70)) == 70


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_read_as_json(value: Any) -> None:
    (found,) = values_in(json.dumps([value]))
    assert found.value == [value]
