"""JSON is read within bounds, and the bounds are counted as JSON counts."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import jsonbounds
from common.jsonbounds import MAX_DEPTH, BoundedDecoder, JsonBoundsError, depth_of, loads

pytestmark = pytest.mark.pure

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=20,
)


def true_depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(true_depth, value), default=0) if isinstance(value, list) else 0


@settings(deadline=None)
@given(VALUES)
def test_the_depth_is_that_of_the_value(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert depth_of(text) == true_depth(value)
        assert loads(text) == value


@pytest.mark.parametrize("text", ['"[[["', r'"\"[["', r'["\\", "]"]', '{"a[": "{{"}'])
def test_brackets_inside_strings_do_not_count(text: str) -> None:
    assert depth_of(text) <= 1


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("times", [MAX_DEPTH + 1, 5_000, 1_000_000])
def test_deep_nesting_is_refused_in_flat_memory(opening: str, times: int) -> None:
    body = opening * times
    tracemalloc.start()
    with pytest.raises(JsonBoundsError, match="nested too deeply"):
        loads(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * len(body) + 2_000_000


def test_the_deepest_that_is_allowed_is_read_and_many_shallow_ones() -> None:
    assert depth_of(json.dumps(loads("[" * MAX_DEPTH + "]" * MAX_DEPTH))) == MAX_DEPTH
    assert len(loads("[" + "[]," * 1000 + "[]]")) == 1001


def test_length_is_bounded_where_a_door_says_so() -> None:
    assert loads('"abc"', size=5) == "abc"
    with pytest.raises(JsonBoundsError, match="longer than 5 characters"):
        loads('"abcd"', size=5)


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", '{"a": -Infinity}', "[1", "", '"\ud800', b"\xff", b'"\xed\xa0\x80"']
)
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated|decode"):
        loads(text)


def test_a_library_with_the_decoder_sees_errors_of_decoding_alone() -> None:
    assert json.loads('{"a": [1]}', cls=BoundedDecoder) == {"a": [1]}
    for text in ("[" * 5000, "[NaN]", "nope", "9" * 5000):
        with pytest.raises(json.JSONDecodeError):
            json.loads(text, cls=BoundedDecoder)
    assert jsonbounds.loads("[NaN]", constants=True)[0] != 0
