"""What the columns of an imported file mean, and how one record becomes a `Row`."""

import re
from dataclasses import dataclass, fields
from typing import Any

from common import jsonbounds
from common.text import plain_lines, stream_safe
from labeling.formats import SHAPES, Plain, ShapeError, Told, given_of
from labeling.formats.shapes import SPANS
from labeling.import_paths import Column, RowError, pick, shown
from labeling.kinds.inputs import INPUTS, TEXT, Input, InputError

MAX_EXTERNAL_ID = 200
# A line, a row or a field beyond this is no text to label: most often it is a quote that never closes.
MAX_LINE = 4_000_000
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_HALVES = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")


class ImportFormatError(ValueError):
    """The file as a whole cannot be read as asked; the message says what to change."""


@dataclass(frozen=True)
class ColumnMapping:
    """Where text, answer and id stand, and how they are written.

    Columns are names (of a header or of JSON keys; `a.b` reaches into objects) or positions from 0, for files
    without a header. Answers are JSON, or names between `separator`s, or (with `label_ids`) positions in that
    list of labels, or one bare name; with `answer_is_text` they are taken as they stand. Marked pieces of a text are
    refused unless `takes_spans`.
    `input_form` says what the column of the text holds: a text, or in JSON what the form takes.
    `path` is ijson's path to the rows of a JSON file (`item`: the file is a list; empty: it is one row). `quoted`
    False reads `"` as a plain character. `shape` is one of `formats.SHAPES`, whose rows need no columns, in a task with
    `instruction`; a column for the id goes before the shape's own. `guarded` cells are those that our own tables write.
    """

    text: Column = "text"
    answer: Column | None = None
    external_id: Column | None = None
    header: bool | None = None
    separator: str | None = None
    label_ids: tuple[str, ...] = ()
    answer_is_text: bool = False
    takes_spans: bool = False
    input_form: str = TEXT.name
    delimiter: str | None = None
    quoted: bool = True
    encoding: str = "utf-8"
    path: str = "item"
    text_limit: int = 100_000
    shape: str = ""
    instruction: str = ""
    guarded: bool = False

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "ColumnMapping":
        """The mapping in a JSON object; raises `ImportFormatError` on a key that means nothing."""
        unknown = set(options) - {field.name for field in fields(cls)}
        if unknown:
            raise ImportFormatError(f"Unknown options: {', '.join(sorted(unknown))}.")
        return cls(**{**options, "label_ids": tuple(options.get("label_ids", ()))})

    @property
    def has_header(self) -> bool:
        """Whether the first row of a table holds the columns' names; positions alone mean that it does not."""
        if self.header is None or self.shape:
            return bool(self.shape) or any(isinstance(column, str) for column in self.columns)
        return self.header

    @property
    def columns(self) -> list[Column]:
        """The columns that are read."""
        if self.shape:
            return [] if self.external_id is None else [self.external_id]
        return [column for column in (self.text, self.answer, self.external_id) if column is not None]


@dataclass(frozen=True)
class Row:
    """One row of a file. `error` is empty for a good row; for a bad one it says why, and only `line` counts.

    `answer_raw` is None (no answer given), a list of names, one name or text, or a JSON object: `kinds.canonical`
    takes each of them. `input` is there where it is more than `text`; `told` is what models said,
    `given` how the row says that its answer was given.
    """

    line: int
    text: str = ""
    external_id: str = ""
    answer_raw: Any = None
    error: str = ""
    input: Input | None = None
    told: tuple[Told, ...] = ()
    given: str = ""


def column_index(column: Column, names: list[str] | None) -> int:
    """The position of a column; names match exactly, else by case. Raises `ImportFormatError`."""
    if isinstance(column, int):
        return column
    names = names or []
    for position, name in enumerate(names):
        if name == column:
            return position
    close = [position for position, name in enumerate(names) if name.casefold() == column.casefold()]
    if len(close) != 1:
        there = ", ".join(map(repr, names[:20])) or "none: the file has no header"
        raise ImportFormatError(f"There is no column {column!r}; the columns are {there}.")
    return close[0]


def read_row(line: int, record: Any, mapping: ColumnMapping) -> Row:
    """The row in one record (an object, or a list where columns are positions); faults go into `Row.error`."""
    try:
        said = _shaped(record, mapping) if mapping.shape else _mapped(record, mapping)
        text, input = _input(said.text if said.input is None else said.input, mapping)
        external_id = "" if said.id is None else _clean(str(said.id).strip(), "external id")
        if len(external_id) > MAX_EXTERNAL_ID:
            raise RowError(f"The external id is longer than {MAX_EXTERNAL_ID} characters.")
        answer = None if mapping.answer is None else _answer(said.answer, mapping)
    except RowError as error:
        return Row(line, error=str(error))
    return Row(line, text, external_id, answer, input=input, told=said.told, given=said.given)


def _mapped(record: Any, mapping: ColumnMapping) -> Plain:
    """What stands in the columns."""
    answer, identity = (pick(record, column, None) for column in (mapping.answer, mapping.external_id))
    return Plain(pick(record, mapping.text), answer, identity, given=given_of(record))


def _shaped(record: Any, mapping: ColumnMapping) -> Plain:
    """What the row's shape says."""
    if not isinstance(record, dict):
        raise RowError(f"The row is not an object but {shown(record)}.")
    try:
        said = SHAPES[mapping.shape].read(record, mapping.instruction, mapping.answer is not None)
    except ShapeError as error:
        raise RowError(str(error)) from error
    if not mapping.takes_spans:
        said = _without_spans(said)
    if mapping.external_id is not None:
        said = said._replace(id=pick(record, mapping.external_id, None))
    if mapping.input_form == TEXT.name:
        if said.input is not None and said.text is None:
            what = f"a conversation of {len(said.input)} turns" if isinstance(said.input, list) else "no single text"
            raise RowError(f"It is {what}, and this project asks about single texts.")
        return said._replace(input=None)
    return said if said.input is not None else said._replace(input=INPUTS[mapping.input_form].of_text(_str(said.text)))


def _without_spans(said: Plain) -> Plain:
    """The same in a project that takes no marked pieces. Raises `RowError` where its answer is made of them."""
    if _marks(said.answer):
        if said.answer["spans"]:
            raise RowError(SPANS)
        said = said._replace(answer=None)
    return said._replace(told=tuple(each for each in said.told if not _marks(each.answer)))


def _marks(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("spans"), list)


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise RowError(f"The text is not a string but {shown(value)}.")
    return value


def _input(value: Any, mapping: ColumnMapping) -> tuple[str, Input | None]:
    """What is asked about: its text, and the whole of it where that is more."""
    form = INPUTS[mapping.input_form]
    if form is TEXT:
        return _text(value, mapping), None
    if isinstance(value, str):
        try:
            value = jsonbounds.loads(_clean(value, "input"))
        except ValueError as error:
            raise RowError(f"The input is no JSON: {error}.") from error
    try:
        checked = form.check(value)
    except InputError as error:
        raise RowError(str(error)) from error
    return _text(form.text(checked), mapping), checked


def _text(value: Any, mapping: ColumnMapping) -> str:
    if not isinstance(value, str):
        raise RowError(f"The text is not a string but {shown(value)}.")
    if not value.strip():
        raise RowError("The text is empty.")
    if len(value) > mapping.text_limit:
        raise RowError(f"The text has {len(value)} characters; at most {mapping.text_limit} are allowed.")
    return _clean(value, "text")


def _clean(value: str, what: str) -> str:
    if not _UNSTORABLE.search(value):
        return plain_lines(stream_safe(value))
    if "\x00" in value:
        raise RowError(f"The {what} holds a NUL character.")
    if _NOT_UTF8.search(value):
        guess = value.encode("utf-8", "surrogateescape" if _only_bytes(value) else "replace").decode("latin-1")
        raise RowError(
            f"The {what} is not UTF-8. Read as Latin-1 it says {shown(guess)}: if that is right, "
            "import the file with the encoding latin-1."
        )
    raise RowError(f"The {what} holds half a character (a lone surrogate).")


def _only_bytes(value: str) -> bool:
    return not _HALVES.search(value)


def _answer(value: Any, mapping: ColumnMapping) -> Any:
    if value is None or value == "":
        return None
    if mapping.answer_is_text and isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else None
    if isinstance(value, str):
        value = _clean(value, "answer")
        value = value if mapping.answer_is_text else _split(value.strip(), mapping)
    if not mapping.label_ids or value is None:
        return value
    return [_name(part, mapping.label_ids) for part in (value if isinstance(value, list) else [value])]


def _split(cell: str, mapping: ColumnMapping) -> Any:
    if cell.startswith(("[", "{", '"')):
        try:
            return jsonbounds.loads(cell)
        except jsonbounds.JsonBoundsError as error:
            raise RowError(f"The answer cannot be read: {error}.") from error
        except ValueError:
            pass  # not JSON after all: a label may begin with a bracket
    separator = mapping.separator or ("," if mapping.label_ids else None)
    if separator is None:
        return cell or None
    return [part.strip() for part in cell.split(separator) if part.strip()] or None


def _name(part: Any, names: tuple[str, ...]) -> str:
    try:
        position = int(part)
    except (TypeError, ValueError, OverflowError):
        raise RowError(f"{shown(part)} is not the number of a label.") from None
    if not 0 <= position < len(names):
        raise RowError(f"There is no label number {position}; they go from 0 to {len(names) - 1}.")
    return names[position]
