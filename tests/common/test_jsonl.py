"""Rows come back from a file as they were written, whatever stands in their texts."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import jsonl

pytestmark = pytest.mark.pure

SEPARATORS = "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e\r"


def test_separators_of_lines_inside_a_text_end_no_line(tmp_path: Path) -> None:
    rows = [{"text": f"one{char}two"} for char in SEPARATORS]
    assert jsonl.write(tmp_path / "rows.jsonl", rows) == len(SEPARATORS)
    assert list(jsonl.read(tmp_path / "rows.jsonl")) == rows
    assert jsonl.read_whole(tmp_path / "rows.jsonl")[0] == rows


def test_a_file_of_another_writer_holds_them_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a\u2028b\u2029c\x85d"}\r\n\r\n{"text":\r"e"}\n', encoding="utf-8", newline="")
    assert [row["text"] for row in jsonl.read(path)] == ["a\u2028b\u2029c\x85d", "e"]
    assert [row["text"] for row in jsonl.read_whole(path)[0]] == ["a\u2028b\u2029c\x85d", "e"]


def test_even_a_careless_reader_finds_whole_lines_in_what_we_write(tmp_path: Path) -> None:
    jsonl.write(tmp_path / "rows.jsonl", [{"text": SEPARATORS}, {"text": "日本 é"}])
    written = (tmp_path / "rows.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["text"] for line in written.splitlines()] == [SEPARATORS, "日本 é"]
    assert "日本 é" in written


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.lists(st.text())), max_size=5))
def test_whatever_is_written_is_read(rows: list[dict]) -> None:
    text = "".join(f"{jsonl.dumps(row)}\n" for row in rows)
    text.encode()
    assert [found.value for found in jsonl.scan(io.StringIO(text, newline="\n"))] == rows


@pytest.mark.parametrize(
    ("line", "says"),
    [("{bad", "line 2: Not a line"), ("[1]", "line 2: not a JSON object"), ('{"a": NaN}', "NaN is not JSON")],
)
def test_the_first_bad_line_is_named(line: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(f'{{"a": 1}}\n{line}\n')
    with pytest.raises(jsonl.JsonLinesError, match=says):
        list(jsonl.read(tmp_path / "rows.jsonl"))


def test_what_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'{"a": "caf\xe9"}\n')
    with pytest.raises(jsonl.JsonLinesError, match="not UTF-8"):
        list(jsonl.read(tmp_path / "rows.jsonl"))


def test_a_scan_goes_on_after_faults_and_long_lines() -> None:
    text = io.StringIO('{"a": 1}\n{"a": "' + "x" * 100 + '"}\n{\n' + "[" * 70 + "]" * 70 + "\n3", newline="\n")
    found = list(jsonl.scan(text, limit=90 + 51))
    assert [(each.number, each.value) for each in found if not each.error] == [
        (1, {"a": 1}),
        (2, {"a": "x" * 100}),
        (5, 3),
    ]
    assert [each.number for each in found if each.error] == [3, 4]
    found = list(jsonl.scan(io.StringIO(f'"{"x" * 100}"\n4\n', newline="\n"), limit=50))
    assert [(each.number, each.value) for each in found] == [(1, None), (2, 4)]
    assert "longer than 50" in found[0].error


def test_a_line_that_is_being_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"seq": 1}\n{"seq"')
    rows, offset = jsonl.read_whole(path)
    assert rows == [{"seq": 1}]
    with path.open("a") as file:
        file.write(': 2}\n{"seq": 3}\n')
    assert jsonl.read_whole(path, offset)[0] == [{"seq": 2}, {"seq": 3}]


def test_a_line_that_nobody_will_finish_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"seq": 1}\n{"seq"')
    jsonl.cut_unfinished(path)
    jsonl.append(path, {"seq": 2})
    assert list(jsonl.read(path)) == [{"seq": 1}, {"seq": 2}]


def test_the_last_line_of_a_commands_output_may_hold_separators() -> None:
    assert jsonl.last('log\n{"a": "b\u2028c"}\n') == {"a": "b\u2028c"}


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    jsonl.write(path, [{"a": 1}])
    with pytest.raises(ValueError, match="not JSON compliant"):
        jsonl.write(path, [{"a": 2}, {"a": float("nan")}])
    assert list(jsonl.read(path)) == [{"a": 1}]
    assert list(tmp_path.iterdir()) == [path]


def test_the_last_of_many_whole_lines_stays(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": 2}\n{"a"')
    jsonl.cut_unfinished(path)
    assert path.read_bytes() == b'{"a": 1}\n{"a": 2}\n'


def test_a_fault_in_a_growing_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    for line, says in ((b"{bad\n", "not a line of JSON"), (b"[1]\n", r"not a JSON object: b'\[1\]'")):
        path.write_bytes(line)
        with pytest.raises(jsonl.JsonLinesError, match=f"rows.jsonl: {says}"):
            jsonl.read_whole(path)


def test_the_last_line_of_several_is_read() -> None:
    assert jsonl.last('{"a": 1}\n{"a": 2}\n{"a": 3}\n\n') == {"a": 3}


def test_keys_stay_in_their_order_or_are_sorted() -> None:
    assert jsonl.dumps({"b": 1, "a": 2}) == '{"b": 1, "a": 2}'
    assert jsonl.dumps({"b": 1, "a": 2}, sort_keys=True) == '{"a": 2, "b": 1}'


def test_nan_is_read_where_it_is_asked_for() -> None:
    (found,) = jsonl.scan(io.StringIO('{"a": NaN}\n'), constants=True)
    assert found.value["a"] != found.value["a"]
