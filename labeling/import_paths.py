"""Where in a row a column is: a name, a path into objects and lists, or a position."""

from typing import Any

from common.text import holds_unstorable

Column = str | int

_REQUIRED = object()
_ABSENT = object()
# Of a position in a list; no row has more.
_DIGITS = 6
_SHOWN = 60
# Levels of a row that are shown as columns, rows that are looked at for them, and how many are shown.
_DEEPEST, _ROWS, _MOST = 8, 20, 60


class RowError(ValueError):
    """A row that cannot be taken; the message says why."""


def pick(record: Any, column: Column | None, default: Any = _REQUIRED) -> Any:
    """What stands in a column, else `default`. Raises `RowError` where there is neither."""
    if column is None:
        return default
    value = record
    for key in _keys(record, column):
        if isinstance(value, list) and isinstance(key, str) and key.isdecimal() and len(key) <= _DIGITS:
            key = int(key)
        if not _has(value, key):
            if default is _REQUIRED:
                raise RowError(f"There is no {column!r} in this row.")
            return default
        value = value[key]
    return value


def has_column(record: Any, column: Column) -> bool:
    """Whether a record has such a column, or what the path leads to."""
    return pick(record, column, _ABSENT) is not _ABSENT


def shown(value: Any) -> str:
    """A value as messages quote it."""
    text = ascii(value) if isinstance(value, str) and holds_unstorable(value) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def columns_of(rows: list[Any]) -> list[str]:
    """The paths to all that is no object in the first rows, in the order in which they come."""
    found: dict[str, None] = {}
    for row in rows[:_ROWS]:
        _paths(row, "", 0, found)
    return list(found)[:_MOST]


def _keys(record: Any, column: Column) -> list[Column]:
    """The way to a column; a key that is called just so goes before a path, and before a position."""
    if isinstance(column, int) and isinstance(record, dict) and column not in record:
        return [str(column)]
    return [column] if isinstance(column, int) or _has(record, column) else list(column.split("."))


def _has(value: Any, key: Column) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value)


def _paths(value: Any, path: str, depth: int, found: dict[str, None]) -> None:
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, each in value.items():
            _paths(each, f"{path}.{key}" if path else str(key), depth + 1, found)
    elif isinstance(value, list) and value and isinstance(value[0], dict) and depth < _DEEPEST:
        _paths(value[0], f"{path}.0" if path else "0", depth + 1, found)
    elif path:
        found[path] = None
