"""The first sheet of a workbook: shared and inline texts, gaps, and what is refused."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling import spreadsheets, workbooks
from labeling.import_cells import ColumnMapping, ImportFormatError
from labeling.importers import read_rows
from labeling.recognising import recognise

pytestmark = pytest.mark.pure

NAMES = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
IDS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
SHARED = "<si><t>text</t></si><si><r><t>Grüße, </t></r><r><t>Ana</t></r><rPh><t>furigana</t></rPh></si>"
ROWS = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>label</t></is></c><c r="D1"/></row>'
    '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>7.0</v></c><c r="C2" t="str"><v>late</v></c></row>'
    '<row r="5"><c r="A5" t="inlineStr"><is><t xml:space="preserve">two_x000D_\nlines</t></is></c></row>'
)


def workbook(
    rows: str = ROWS, shared: str = SHARED, before: str = "", packed: int = zipfile.ZIP_DEFLATED
) -> io.BytesIO:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", packed) as archive:
        archive.writestr(
            "xl/workbook.xml", f'<workbook {NAMES} {IDS}><sheets><sheet name="a" r:id="x9"/></sheets></workbook>'
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="x1" Target="styles.xml"/>'
            '<Relationship Id="x9" Target="worksheets/other.xml"/></Relationships>',
        )
        archive.writestr("xl/sharedStrings.xml", f"<sst {NAMES}>{shared}</sst>")
        archive.writestr(
            "xl/worksheets/other.xml", f"{before}<worksheet {NAMES}><sheetData>{rows}</sheetData></worksheet>"
        )
    found.seek(0)
    return found


def test_a_sheet_is_a_table():
    book = workbook()
    found = recognise(book, "upload", {})
    assert (found.options["format"], found.columns) == ("xlsx", ["text", "", "label"])
    rows = list(read_rows(book, "xlsx", ColumnMapping(answer="label")))
    assert [(row.line, row.text, row.answer_raw) for row in rows] == [
        (2, "Grüße, Ana", "late"),
        (5, "two\nlines", None),
    ]


def test_digits_are_positions_in_a_sheet_without_a_header():
    rows = list(read_rows(workbook(), "xlsx", ColumnMapping(text=0, external_id=1)))
    assert [(row.text, row.external_id) for row in rows][1] == ("Grüße, Ana", "7")


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (io.BytesIO(b"PK\x03\x04"), "cannot be unpacked"),
        (workbook("<row><c>"), "broken"),
        (workbook(before='<!DOCTYPE x [<!ENTITY a "aaaa">]>'), "declares XML of its own"),
        (workbook(before='<?xml version="1.0" encoding="klingon"?>'), "unknown encoding"),
        (workbook(before='<?xml version="1.0" encoding="shift_jis"?>'), "multi-byte"),
        (workbook(packed=zipfile.ZIP_LZMA), "packed in a way"),
        (workbook(packed=zipfile.ZIP_BZIP2), "packed in a way"),
    ],
)
def test_what_is_broken_or_sly_is_refused(broken, says):
    with pytest.raises(ImportFormatError, match=says):
        list(read_rows(broken, "xlsx"))


def test_what_unpacks_into_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(spreadsheets._Texts, "limit", 100_000)
    bomb = workbook(shared=f"<si><t>{'a' * 1_000_000}</t></si>")
    assert len(bomb.getvalue()) < 5_000
    with pytest.raises(ImportFormatError, match="more than is read"):
        recognise(bomb, "upload", {})


ENDLESS = [
    f"<row><c><v>{'a' * 5_000_000}</v></c></row>",
    f"<row>{'<c><v>aaaaaaaaaa</v><v>aaaaaaaaaa</v></c>' * 250_000}</row>",
    f"<row><c t='inlineStr'><is>{'<t>aaaaaaaaaaaaaaaaaaaa</t>' * 250_000}</is></c></row>",
    f"<row>{'<c/>' * 20_000}</row>",
    '<row><c r="ZZZ1"><v>1</v></c></row>',
    f'<row a="{"a" * 5_000_000}"/>',
    f"<!--{'a' * 5_000_000}-->",
    "<a>" * 100,
    "".join(f"<a{n}/>" for n in range(20_000)),
]


@pytest.mark.parametrize("rows", ENDLESS, ids=lambda rows: rows[:30])
def test_what_would_pile_up_in_memory_is_refused(rows):
    with pytest.raises(ImportFormatError, match="more than is read"):
        recognise(workbook(rows), "upload", {})


def test_an_archive_of_more_parts_than_are_read_is_no_spreadsheet(monkeypatch):
    monkeypatch.setattr(workbooks, "MAX_SMALL", 100)
    with pytest.raises(ImportFormatError, match="archive"):
        recognise(workbook(), "upload", {})


def test_rows_with_gaps_are_no_longer_than_what_they_hold():
    wide = "".join(f'<row><c r="A{n}"><v>a</v></c><c r="XFD{n}"><v>b</v></c></row>' for n in range(20))
    rows = list(read_rows(workbook(wide), "xlsx", ColumnMapping(text=0, external_id=16_383)))
    assert [(row.text, row.external_id) for row in rows] == [("a", "b")] * 20


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_to_a_workbook_raises_anything_else(data):
    whole = workbook().getvalue()
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ImportFormatError):
        recognise(io.BytesIO(raw), "upload.xlsx", {"format": "xlsx"})
    with suppress(ImportFormatError):
        list(read_rows(io.BytesIO(raw), "xlsx"))


@pytest.mark.parametrize("raw", [b"text\nWhere is it?\n", b'[{"text": "a"}]', b"PK\x03\x04"])
def test_a_file_that_is_said_to_be_a_spreadsheet_and_is_none_says_so(raw):
    with pytest.raises(ImportFormatError, match="archive" if raw[:2] == b"PK" else "no spreadsheet"):
        recognise(io.BytesIO(raw), "upload.xlsx", {"format": "xlsx"})
