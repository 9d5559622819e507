"""Text and answer and little else: JSON Lines, and a table for spreadsheets."""

import csv
import io
import re
from typing import ClassVar

from labeling.formats.base import Item, Writer, encode, quoted

# The columns of our table; a file that begins with just these is read back by `unguarded`.
COLUMNS = ("id", "text", "answer", "split", "state")
# A spreadsheet takes a cell that begins like this for a formula, and runs it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what would be one."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell that `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell


class PlainJsonl(Writer):
    """`{"text", "answer", "id"}`, the answer in the stored form of its kind."""

    name = "jsonl"
    title = "JSONL"
    told = "Text, answer and your id on each line."

    def row(self, item: Item) -> str:
        """The answer is null where there is none."""
        asked = f'"text": {quoted(item.text)}'
        if item.input is not None:
            asked += f', "input": {encode(item.input)}'
        answer = item.read.json if item.read else "null"
        return f'{{{asked}, "answer": {answer}, "id": {quoted(item.external_id)}, "split": "{item.split}"}}\n'


class PlainCsv(Writer):
    """A table with a header; one label as it is called, else the answer as JSON; free text as it stands."""

    name = "csv"
    title = "CSV"
    told = "A table for spreadsheets. Cells that would be formulas begin with an apostrophe."
    suffix = "csv"
    media_type = "text/csv"
    is_json = False
    delimiter: ClassVar[str] = ","
    begin = ",".join(COLUMNS) + "\r\n"

    def row(self, item: Item) -> str:
        """An empty cell where there is no answer."""
        asked = item.text if item.input is None else encode(item.input)
        cells = (item.external_id, asked, self._cell(item), item.split, item.state)
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=self.delimiter).writerow([guarded(cell) for cell in cells])
        return out.getvalue()

    def _cell(self, item: Item) -> str:
        if item.read is None:
            return ""
        if not self.kind.is_json:
            return self.said(item)
        labels = item.read.labels if self.kind.labels_texts else []
        # A name that looks like JSON would be read as such.
        bare = len(labels) == 1 and labels[0][:1] not in ("[", "{", '"')
        return labels[0] if bare else item.read.json


class PlainTsv(PlainCsv):
    """The same between tabs."""

    name = "tsv"
    title = "TSV"
    told = "The same between tabs."
    suffix = "tsv"
    media_type = "text/tab-separated-values"
    delimiter = "\t"
    begin = "\t".join(COLUMNS) + "\r\n"
