"""A file is known by its content: format, encoding, delimiter, header, where the rows are."""

import io
from typing import Any

import pytest

from labeling import recognising
from labeling.import_cells import ColumnMapping, ImportFormatError
from labeling.import_columns import require_columns
from labeling.importers import read_rows
from labeling.recognising import Recognised, recognise

pytestmark = pytest.mark.pure


def found(content: str | bytes, name: str = "data", **said: Any) -> Recognised:
    raw = content if isinstance(content, bytes) else content.encode()
    return recognise(io.BytesIO(raw), name, said)


def texts(content: str | bytes, name: str = "data", **said: Any) -> list[str]:
    raw = content if isinstance(content, bytes) else content.encode()
    options = dict(recognise(io.BytesIO(raw), name, said).options)
    format = options.pop("format")
    rows = read_rows(io.BytesIO(raw), format, ColumnMapping.from_options(options))
    return [row.error or row.text for row in rows]


@pytest.mark.parametrize(
    ("content", "name", "format", "texts_read"),
    [
        ('{"text": "a"}\n{"text": "b"}\n', "x.csv", "jsonl", ["a", "b"]),
        ('{"text": "a"}', "x.json", "jsonl", ["a"]),
        ('{"text": "a"}\n{oops\n', "x.jsonl", "jsonl", None),
        ('[{"text": "a"}, {"text": "b"}]', "x.jsonl", "json", ["a", "b"]),
        ('[\n  {\n    "text": "a"\n  }\n]\n', "x", "json", ["a"]),
        ('{"data": [{"text": "a"}, {"text": "b"}]}', "x.json", "json", ["a", "b"]),
        ('{"meta": {"n": 2},\n "found": {"rows": [{"text": "a"}]}}', "x", "json", ["a"]),
        ('{\n  "text": "a",\n  "tags": [{"x": 1}]\n}', "x.json", "json", ["a"]),
        ("text,label\na,x\n", "x.txt", "csv", ["a"]),
        ("text\tlabel\na\tx\n", "x.csv", "tsv", ["a"]),
        ("text;label\nWo ist es, bitte?;x\nEs fehlt;y\n", "x.csv", "csv", ["Wo ist es, bitte?", "Es fehlt"]),
        ('text|label\n"a|b"|x\nc|y\n', "x.csv", "csv", ["a|b", "c"]),
        ("text\na, and b\nc\n", "x.csv", "csv", None),
        ("One line, of two.\nAnother, as well.\n", "x.txt", "text", ["One line, of two.", "Another, as well."]),
        ("Just this", "pasted", "text", ["Just this"]),
        ('text,label\n5" pipe,x\n3" pipe,y\n', "x.csv", "csv", ['5" pipe', '3" pipe']),
    ],
)
def test_the_content_says_the_format(content, name, format, texts_read):
    assert found(content, name).options["format"] == format
    assert texts_read is None or texts(content, name) == texts_read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_the_bytes_say_the_encoding(encoding):
    content = "text,label\nÄrger über „Größe“,x\nKäse,y\n".encode(encoding)
    assert found(content, "x.csv").options["encoding"] == encoding
    assert texts(content, "x.csv") == ["Ärger über „Größe“", "Käse"]


def test_one_broken_line_makes_no_other_encoding_of_a_file():
    content = "text\nKäse\nGröße\n".encode() + b"caf\xe9\n"
    assert texts(content, "x.csv")[:2] == ["Käse", "Größe"]
    assert "not UTF-8" in texts(content, "x.csv")[2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "rows", ['[{"text": "Käse"}, {"text": "Größe"}]', '{"data": [{"text": "Käse"}, {"text": "Größe"}]}']
)
def test_a_list_in_json_of_any_encoding_comes_in_as_it_is_shown(encoding, rows):
    content = rows.encode(encoding)
    assert [row["text"] for row in found(content, "x.json").records] == ["Käse", "Größe"]
    assert texts(content, "x.json") == ["Käse", "Größe"]
    require_columns(io.BytesIO(content), "json", ColumnMapping(encoding=encoding, path=found(content).options["path"]))


def test_a_list_in_json_that_is_not_in_the_encoding_that_was_said_breaks_off_with_a_reason():
    content = '[{"text": "one"}]'.encode("utf-16-le")[:-1]
    (row,) = read_rows(io.BytesIO(content), "json", ColumnMapping(encoding="utf-16-le"))
    assert "breaks off here" in row.error


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \n\n"])
def test_an_empty_file_says_so(content):
    with pytest.raises(ImportFormatError, match="The file is empty"):
        found(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PAR1\x15\x04", "Parquet"),
        (b"PK\x03\x04\x14\x00", "archive"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b'{"one": 1}', "no list of rows"),
    ],
)
def test_what_is_not_read_is_refused_with_a_way_out(content, says):
    with pytest.raises(ImportFormatError, match=says):
        found(content)


def test_words_with_tags_are_texts_with_marked_pieces():
    told = found(b"-DOCSTART- -X- O\n\nEU\tB-ORG\nrejects\tO\nGerman\tB-MISC\n\nPeter\tB-PER\n", "x.txt")
    assert (told.options["format"], told.options["shape"]) == ("conll", "tagged")
    assert "Words with tags" in told.told
    assert [row["tokens"] for row in told.records] == [["EU", "rejects", "German"], ["Peter"]]


def test_what_was_said_is_not_overruled():
    content = "a;text\n1;b\n"
    assert found(content, "x.csv", delimiter=",", text="a;text").options.get("delimiter") == ","
    assert found('{"text": "a"}', "x", format="text").options["format"] == "text"
    assert found('[{"question": "a", "answer": "b"}]', "x", text="question").options.get("shape") is None
    assert found('[{"question": "a", "answer": "b"}]', "x").options["shape"] == "question_answer"


def test_digits_name_a_column_when_one_is_called_so():
    assert texts("0,1\nfrom a data frame,x\n", "x.csv", text=0) == ["from a data frame"]
    assert texts("0,1\nfrom a data frame,x\n", "x.csv", text=0, header=False) == ["0", "from a data frame"]
    assert texts("no header,x\nof digits,y\n", "x.csv", text=0) == ["no header", "of digits"]
    assert texts('{"0": "a"}\n{"0": "b"}\n', "x.jsonl", text=0) == ["a", "b"]


def test_paths_reach_into_lists_by_number():
    content = '[{"data": {"t": "a"}, "notes": [{"value": {"choices": ["x"]}}]}]'
    mapping = ColumnMapping(text="data.t", answer="notes.0.value.choices")
    assert next(iter(read_rows(io.BytesIO(content.encode()), "json", mapping))).answer_raw == ["x"]
    assert found(content, "x", text="data.t").columns == ["data.t", "notes.0.value.choices"]


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_a_column_that_no_row_has_is_refused(format):
    rows = ['{"text": "a", "label": "x"}', '{"text": "b", "late": 1}']
    raw = (f"[{', '.join(rows)}]" if format == "json" else "\n".join(rows)).encode()
    require_columns(io.BytesIO(raw), format, ColumnMapping(answer="late"))
    with pytest.raises(ImportFormatError, match="No row has 'lable'; the first one has 'text', 'label'"):
        require_columns(io.BytesIO(raw), format, ColumnMapping(answer="lable"))


def test_a_long_first_row_is_a_line_of_its_file(monkeypatch):
    monkeypatch.setattr(recognising, "HEAD", 100)
    assert found('{"text": "%s", "x": [{"y": 1}]}\n' % ("a" * 200), "x.jsonl").options["format"] == "jsonl"


def test_what_was_found_is_told_in_words():
    assert found("text;label\na;x\nb;y\n", "x.csv").told == "CSV, UTF-8, columns between ';'"
    assert found('{"data": [{"text": "a"}]}').told == "JSON, UTF-8, rows at data.item"
