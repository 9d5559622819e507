"""Normal forms in linear time, and rules for characters.

To normalise, the marks of each character are put into an order, by insertion: a text of a hundred thousand accents on
one letter takes ten seconds. No writing system has more than thirty marks in a row, and Unicode's stream-safe form
(UAX #15) says what to do with more: a joiner, which nobody sees, ends the run.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

MOST_MARKS = 30
_JOINER = "\u034f"
_KEPT = 20_000
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
# All combining marks are in the first two planes, but for the plane of tags and variation selectors.
_PLANES = (range(0x300, 0x20000), range(0xE0000, 0xE1000))


def nfkc(text: str) -> str:
    """`text` in normal form KC; more than thirty marks in a row stay apart."""
    safe = stream_safe(text)
    return safe if unicodedata.is_normalized("NFKC", safe) else unicodedata.normalize("NFKC", safe)


def plain_lines(text: str) -> str:
    """`text` with a line feed at each line's end, whichever way it came: browsers send CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def stream_safe(text: str) -> str:
    """`text` with a joiner after every thirty marks in a row, so that whoever normalises it later is quick."""
    return text if text.isascii() else _long_runs().sub(rf"\g<0>{_JOINER}", text)


def storable(text: str) -> str:
    """`text` with what a database cannot hold (NUL, half surrogate pairs) replaced by U+FFFD.

    Runs of more than thirty combining marks are broken up: whoever normalises the text later (Django's filters do)
    would take seconds over them.
    """
    return stream_safe(_UNSTORABLE.sub("\ufffd", text))


def holds_unstorable(value: object) -> bool:
    """Whether a JSON value has such characters anywhere."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and _UNSTORABLE.search(each):
            return True
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
    return False


class Characters(dict[int, str | None]):
    """A table for `str.translate`: what `rule` makes of each character, None to drop it.

    A text of one script has a few hundred different ones, whose results are kept; there are a million in all.
    """

    def __init__(self, rule: Callable[[str], str | None]) -> None:
        super().__init__()
        self.rule = rule

    def __missing__(self, code: int) -> str | None:
        made = self.rule(chr(code))
        if len(self) < _KEPT:
            self[code] = made
        return made


@lru_cache(maxsize=1)
def _long_runs() -> re.Pattern[str]:
    marks = "".join(re.escape(chr(code)) for plane in _PLANES for code in plane if _is_mark(chr(code)))
    return re.compile(f"[{marks}]{{{MOST_MARKS}}}(?=[{marks}])")


def _is_mark(char: str) -> bool:
    """Whether it joins a run of marks, as it stands or taken apart."""
    return unicodedata.combining(char) != 0 or unicodedata.combining(unicodedata.normalize("NFKD", char)[0]) != 0
