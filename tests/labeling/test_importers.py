"""Files are read row by row; bad rows are named and passed over, whatever is in them."""

import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.text import plain_lines
from labeling import importers
from labeling.importers import ColumnMapping, ImportFormatError, Row, read_rows

pytestmark = pytest.mark.pure

DATA = Path(os.environ.get("TOUCHSTONE_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def rows(content: bytes | str, format: str = "csv", **mapping: Any) -> list[Row]:
    raw = content.encode() if isinstance(content, str) else content
    return list(read_rows(io.BytesIO(raw), format, ColumnMapping(**mapping)))


def texts(found: list[Row]) -> list[str]:
    return [row.text for row in found if not row.error]


def errors(found: list[Row]) -> list[tuple[int, str]]:
    return [(row.line, row.error) for row in found if row.error]


def test_csv_with_header_quotes_and_embedded_newlines() -> None:
    found = rows(
        'id,text,tags\r\n7,"a ""b""\nc, d",x;y\r\n\r\n8,e,\r\n', answer="tags", external_id="ID", separator=";"
    )
    assert found == [Row(2, 'a "b"\nc, d', "7", ["x", "y"]), Row(5, "e", "8", None)]


def test_tsv_without_header_and_with_label_ids() -> None:
    found = rows(
        'He said\t4,0\tx1\n"a ""quoted"" one"\t1\tx2\nno label\t9\tx3\nwhat\tred\tx4\nshort\n',
        "tsv", text=0, answer=1, external_id=2, label_ids=("a", "b", "c", "d", "e"),
    )  # fmt: skip
    assert found[:2] == [Row(1, "He said", "x1", ["e", "a"]), Row(2, 'a "quoted" one', "x2", ["b"])]
    assert errors(found) == [
        (3, "There is no label number 9; they go from 0 to 4."),
        (4, "'red' is not the number of a label."),
        (5, "The row has only 1 columns."),
    ]


@pytest.mark.parametrize(
    ("cell", "separator", "answer"),
    [
        ("a|b ", "|", ["a", "b"]),
        ('["a", "b"]', None, ["a", "b"]),
        ('{"labels": ["a"]}', None, {"labels": ["a"]}),
        ("a, b", ",", ["a", "b"]),
        ("a, b", None, "a, b"),
        ("[odd", None, "[odd"),
        ("[]", None, []),
        ("", ";", None),
        (" ; ", ";", None),
    ],
)
def test_answers_are_written_in_many_ways(cell: str, separator: str | None, answer: Any) -> None:
    assert rows(f"x\t{cell}", "tsv", text=0, answer=1, separator=separator, quoted=False)[0].answer_raw == answer


def test_free_text_answers_are_taken_as_they_stand() -> None:
    assert rows('x\t["a"] ', "tsv", text=0, answer=1, answer_is_text=True, quoted=False)[0].answer_raw == '["a"] '


def test_jsonl_goes_on_after_bad_lines() -> None:
    lines = ['{"text": "a", "id": 1}', "{bad", "", "[1]", '{"text": 3}', '{"t": "x"}', '{"text": " "}', '{"text": "z"}']
    found = rows("\n".join(lines), "jsonl", external_id="id")
    assert texts(found) == ["a", "z"]
    assert [line for line, _ in errors(found)] == [2, 4, 5, 6, 7]
    assert found[0].external_id == "1"


def test_keys_may_reach_into_objects() -> None:
    line = '{"data": {"text": "a"}, "annotations": {"label": ["x"]}, "a.b": "c"}'
    assert rows(line, "jsonl", text="data.text", answer="annotations.label") == [Row(1, "a", "", ["x"])]
    assert texts(rows(line, "jsonl", text="a.b")) == ["c"]


def test_a_json_list_is_streamed_and_keeps_what_came_before_a_fault() -> None:
    assert texts(rows('\ufeff[{"text": "a"}, {"text": "b"}]', "json")) == ["a", "b"]
    found = rows('[{"text": "a"}, {"text": "b"}, {"text": oops}, {"text": "c"}]', "json")
    assert texts(found) == ["a", "b"]
    assert errors(found)[0][0] == 3
    assert texts(rows('{"data": [{"text": "a"}]}', "json", path="data.item")) == ["a"]
    assert rows("[]", "json") == []


@pytest.mark.parametrize(
    ("content", "format", "mapping", "says"),
    [
        ("body,b\n1,2\n", "csv", {}, "no column 'text'; the columns are 'body', 'b'"),
        ("x", "parquet", {}, "Unknown format 'parquet'"),
        ('{"text": "a"}', "json", {}, "jsonl"),
        ('{"data": []}', "json", {"path": "rows.item"}, "rows.item"),
    ],
)
def test_what_spoils_the_whole_file_is_refused(content: str, format: str, mapping: Any, says: str) -> None:
    with pytest.raises(ImportFormatError, match=says):
        rows(content, format, **mapping)
    with pytest.raises(ImportFormatError, match="colour"):
        ColumnMapping.from_options({"colour": 1})


def test_bytes_that_are_not_utf8_are_named_row_by_row() -> None:
    content = "text\nok\ncafé\nlast\n".encode("latin-1")
    found = rows(content)
    assert texts(found) == ["ok", "last"]
    assert errors(found)[0][0] == 3
    assert "'café'" in errors(found)[0][1]
    assert "latin-1" in errors(found)[0][1]
    assert texts(rows(content, encoding="latin-1")) == ["ok", "café", "last"]
    assert errors(rows(b'{"text": "caf\xe9"}\n', "jsonl"))[0][1].startswith("The text is not UTF-8")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_decides_the_encoding(encoding: str) -> None:
    assert texts(rows("text\nćafé\n".encode(encoding))) == ["ćafé"]
    assert texts(rows('{"text": "ćafé"}\n'.encode(encoding), "jsonl")) == ["ćafé"]


def test_nul_surrogates_and_overlong_texts_are_bad_rows() -> None:
    lines = ['{"text": "a\\u0000b"}', '{"text": "\\ud800"}', json.dumps({"text": "x" * 11}), '{"text": "ok"}']
    found = rows("\n".join(lines), "jsonl", text_limit=10)
    assert texts(found) == ["ok"]
    assert [error.split()[3] for _, error in errors(found)] == ["a", "half", "11"]
    assert errors(rows("text\na\x00b\n"))[0][0] == 2


def test_a_quote_that_never_closes_is_reported_not_swallowed() -> None:
    found = rows('text\na\n"b\nc\nd\n')
    assert texts(found) == ["a"]
    assert errors(found) == [(3, found[-1].error)]
    assert "runs to line 5" in found[-1].error
    assert errors(rows('text\n"a"b\nc\n'))[0][0] == 2
    assert texts(rows('text\n"a"b\nc\n', quoted=False)) == ['"a"b', "c"]


def test_ragged_rows_are_reported() -> None:
    found = rows("text,tag\na,b,c\nd\ne,f\n")
    assert (texts(found), [line for line, _ in errors(found)]) == (["e"], [2, 3])


def test_huge_lines_and_fields_cost_one_row_and_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importers, "MAX_LINE", 50_000)
    for format, content in (("jsonl", '{"text": "%s"}\n{"text": "ok"}\n'), ("csv", 'text\n"%s"\nok\n')):
        found = rows(content % ("x" * 300_000), format)
        assert (texts(found), len(errors(found))) == (["ok"], 1)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("w") as out:
        out.writelines(json.dumps({"text": f"message number {i} " * 10}) + "\n" for i in range(20_000))
    tracemalloc.start()
    assert sum(1 for row in read_rows(path) if not row.error) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_the_callers_file_stays_open_and_gives_its_format(tmp_path: Path) -> None:
    (tmp_path / "a.NDJSON").write_text('{"text": "a"}')
    with (tmp_path / "a.NDJSON").open("rb") as stream:
        assert texts(list(read_rows(stream))) == ["a"]
        assert not stream.closed


def test_a_deep_value_costs_one_row_and_no_memory(tmp_path: Path) -> None:
    peaks = []
    for brackets in (1_000, 20_000, 300_000):
        path = tmp_path / f"{brackets}.json"
        path.write_text('[{"text": "deep", "x": ' + "[" * brackets + "]" * brackets + '}, {"text": "after"}]')
        code = (
            "import sys; from labeling.importers import read_rows; rows = list(read_rows(sys.argv[1]));"
            "print([[row.text, row.error] for row in rows]);"
            "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
        )
        command = ["sh", "-c", 'ulimit -v 1000000; exec "$@"', "sh", sys.executable, "-c", code, str(path)]
        said, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().split("\n")
        assert said == "[['', 'The JSON is nested too deeply: at most 64 levels are read.'], ['after', '']]"
        peaks.append(int(peak) // 1024)
    assert max(peaks) < 60
    assert max(peaks) - min(peaks) < 10


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_depth_is_bounded_in_lines_and_cells_too(format: str) -> None:
    deep = "[" * 5_000 + "]" * 5_000
    content = {
        "jsonl": f'{{"text": "a", "b": {deep}}}\n{{"text": "ok", "b": ["x"]}}',
        "csv": f'text,b\na,{deep}\nok,"[""x""]"',
    }
    found = rows(content[format], format, answer="b")
    assert "nested too deeply" in found[0].error
    assert (found[1].text, found[1].answer_raw) == ("ok", ["x"])


def test_a_long_row_of_a_json_list_is_passed_over_and_an_endless_value_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importers, "MAX_LINE", 200_000)
    numbers = ", ".join(["1"] * 200_000)
    found = rows(f'[{{"text": "a", "x": [{numbers}]}}, {{"text": "ok"}}]', "json")
    assert (errors(found)[0][1], texts(found)) == ("The row is longer than 200000 bytes.", ["ok"])
    found = rows('[{"text": "a"}, {"text": "' + "x" * 600_000 + '"}, {"text": "ok"}]', "json")
    assert texts(found) == ["a"]
    assert "a value is longer than 200000 bytes" in errors(found)[0][1]


def test_separators_of_lines_stay_in_their_text() -> None:
    text = "one\u2028two\u2029three\x85four"
    assert texts(rows(f'{{"text": "{text}"}}\n', "jsonl")) == [text]


def test_an_infinite_number_of_a_label_is_a_bad_row() -> None:
    found = rows('{"text": "a", "b": 1e999}', "jsonl", answer="b", label_ids=("x",))
    assert "not the number of a label" in found[0].error


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["jsonl", "json", "csv", "tsv"]))
def test_no_bytes_crash_a_reader(content: bytes, format: str) -> None:
    try:
        found = rows(content, format, text=0, answer=1)
    except ImportFormatError:
        return
    for row in found:
        row.text.encode()
        row.error.encode()


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1)))
def test_what_python_writes_is_read_back(values: list[str]) -> None:
    import csv

    values = [value for value in values if value.strip()]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["text", "n"], *([value, i] for i, value in enumerate(values))])
    assert texts(rows(out.getvalue())) == [plain_lines(value) for value in values]
    assert texts(rows("\n".join(json.dumps({"text": value}) for value in values), "jsonl")) == [
        plain_lines(value) for value in values
    ]


def test_a_real_file_is_read_whole() -> None:
    """GoEmotions' training rows where they are at hand, else three rows of the same shape."""
    path = DATA / "goemotions" / "train.tsv"
    if path.exists():
        names = tuple((path.parent / "labels.txt").read_text().split())
        found = list(read_rows(path, None, ColumnMapping(0, 1, 2, label_ids=names)))
        assert (len(found), len([row for row in found if len(row.answer_raw) > 1])) == (43_410, 7_102)
    else:
        found = rows('a\t27\te1\n"b ""c"""\t4,27\te2\nd\t0\te3\n', "tsv", text=0, answer=1, label_ids=("x",) * 28)
        assert len(found) == 3
    assert errors(found) == []
