"""The first sheet of a workbook: shared and inline texts, gaps, and what is refused."""

import io
import zipfile

import pytest

from labeling import spreadsheets
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


def workbook(rows: str = ROWS, shared: str = SHARED, before: str = "") -> io.BytesIO:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
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
