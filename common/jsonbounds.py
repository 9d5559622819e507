"""JSON from outside, read only within bounds of depth and size: in flat memory, whatever is sent.

Python's own reader goes down the levels by recursion, and so does most of what handles its values later. So the depth
is counted on the text first, in one pass, and nothing is built where it is too much.
"""

import json
import re
from itertools import accumulate
from typing import Any, NoReturn

# An answer or a row of data has a handful of levels; what goes deeper is made to hurt.
MAX_DEPTH = 64

# A whole string, or one that never ends. Possessive, so that nothing is ever tried twice.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_OTHERS = bytes(set(range(256)) - set(b"[{]}"))


class JsonBoundsError(ValueError):
    """JSON beyond what is read here; the message says which bound, as the end of a sentence."""


def depth_of(text: str | bytes) -> int:
    """How many lists and objects stand open at once, at most; brackets inside strings do not count."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    steps = memoryview(_STRINGS.sub(b"", raw).translate(_STEPS, _OTHERS)).cast("b")
    return max(accumulate(steps), default=0)


def check(text: str | bytes, *, depth: int = MAX_DEPTH, size: int | None = None) -> None:
    """Raise `JsonBoundsError` where `text` is longer than `size` characters (bytes), or nested deeper than `depth`."""
    if size is not None and len(text) > size:
        raise JsonBoundsError(f"it is longer than {size} {'bytes' if isinstance(text, bytes) else 'characters'}")
    many = text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    if many > depth and depth_of(text) > depth:
        raise JsonBoundsError(f"it is nested too deeply: at most {depth} levels are read")


def loads(text: str | bytes, *, depth: int = MAX_DEPTH, size: int | None = None, constants: bool = False) -> Any:
    """The value in `text`. Raises `ValueError` (its `JsonBoundsError`, or the reader's own) with the reason.

    NaN and Infinity are no JSON, and no database takes them; `constants` lets them pass as Python's own reader does.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    check(text, depth=depth, size=size)
    return json.loads(text) if constants else json.loads(text, parse_constant=_refuse)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class BoundedDecoder(json.JSONDecoder):
    """For libraries that take a decoder: what is beyond the bounds is an error of decoding like any other."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"parse_constant": _refuse, **options})

    def decode(self, s: str, *args: Any) -> Any:
        """As the base class; every refusal is a `JSONDecodeError`."""
        try:
            check(s)
            return super().decode(s, *args)
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            raise json.JSONDecodeError(str(error), s[:80], 0) from error
