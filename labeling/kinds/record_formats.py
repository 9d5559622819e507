"""Formats of strings that a record may ask for: how each is checked, put to people and to models."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from urllib.parse import urlsplit
from uuid import UUID


@dataclass(frozen=True)
class Format:
    """`shown` is the form as people and models read it; `mode` is the keyboard for it."""

    is_one: Callable[[str], bool]
    shown: str
    mode: str = "text"


_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:[^\s<>\"{}|\\^`]{1,2000}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_MOMENT = re.compile(rf"{_DATE.pattern}T{_TIME.pattern}", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _dated(expression: re.Pattern[str], read: Callable[[str], object]) -> Callable[[str], bool]:
    def is_one(text: str) -> bool:
        if not expression.fullmatch(text):
            return False
        try:
            read(text.replace("Z", "+00:00"))
        except ValueError:
            return False
        return True

    return is_one


def _is_uri(text: str) -> bool:
    if not _URI.fullmatch(text):
        return False
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    return bool(found.netloc or found.path)


def _is_uuid(text: str) -> bool:
    return bool(_UUID.fullmatch(text)) and bool(UUID(text))


FORMATS: dict[str, Format] = {
    "date": Format(_dated(_DATE, date.fromisoformat), "YYYY-MM-DD"),
    "time": Format(_dated(_TIME, time.fromisoformat), "hh:mm:ssZ"),
    "date-time": Format(_dated(_MOMENT, datetime.fromisoformat), "YYYY-MM-DDThh:mm:ssZ"),
    "email": Format(lambda text: bool(_EMAIL.fullmatch(text)), "e-mail address", "email"),
    "uri": Format(_is_uri, "https://...", "url"),
    "uuid": Format(_is_uuid, "UUID"),
}
