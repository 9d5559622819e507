"""CoNLL's files as rows: a word on each line with its tag last, a blank line after each text."""

from collections.abc import Iterator
from typing import Any

from common.jsonl import BoundedLines, LineTooLongError
from labeling.formats.tagged import ID, TEXT

Found = tuple[int, dict[str, Any], str]


def conll_rows(lines: BoundedLines) -> Iterator[Found]:
    """The first line, the row as `TaggedRows` takes it, and what is wrong, of each text.

    Columns are parted by tabs, else by spaces. Marks of documents' begins and other comments are passed over.
    """
    start, row, error = 0, _blank(), ""
    while True:
        try:
            line = next(lines).rstrip("\r\n")
        except StopIteration:
            break
        except LineTooLongError as problem:
            start, error = start or lines.number, str(problem)
            continue
        if not line.strip():
            yield from _ended(start, row, error)
            start, row, error = 0, _blank(), ""
            continue
        start = start or lines.number
        error = error or _add(row, line)
    yield from _ended(start, row, error)


def _blank() -> dict[str, Any]:
    return {"tokens": [], "tags": []}


def _ended(start: int, row: dict[str, Any], error: str) -> Iterator[Found]:
    if row["tokens"] or error:
        yield start, row, error


def _add(row: dict[str, Any], line: str) -> str:
    """Put a line into its row; what is wrong with it, empty where nothing is."""
    if not row["tokens"]:
        for begin, name in ((TEXT, "text"), (ID, "id")):
            if line.startswith(begin):
                row[name] = line.removeprefix(begin)
                return ""
        if line.startswith("# ") and "\t" not in line:
            return ""
    cells = line.split("\t") if "\t" in line else line.split()
    if cells[0] == "-DOCSTART-":
        return ""
    if len(cells) < 2:
        return f"The line {line[:40]!r} has no tag."
    row["tokens"].append(cells[0])
    row["tags"].append(cells[-1])
    return ""
