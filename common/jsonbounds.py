"""JSON from outside, read only within bounds of depth and size: in flat memory, whatever is sent.

Python's own reader goes down the levels by recursion, and so does most of what handles its values later. So the depth
is counted on the text first, in one pass over its bytes, and nothing is built where it is too much.
"""

import json
from itertools import accumulate
from typing import Any, NoReturn

# An answer or a row of data has a handful of levels; what goes deeper is made to hurt.
MAX_DEPTH = 64

# Bytes that are looked at together.
_BLOCK = 16_384
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_OTHERS = bytes(set(range(256)) - set(b"[{]}"))


class JsonBoundsError(ValueError):
    """JSON beyond what is read here; the message says which bound, as the end of a sentence."""


def depth_of(text: str | bytes, enough: int | None = None) -> int:
    """How many lists and objects stand open at once, at most; no more is counted once there are more than `enough`.

    Brackets inside strings do not count.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    # Without escapes every quote that is left begins or ends a string.
    raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    level = deepest = inside = 0
    for start in range(0, len(raw), _BLOCK):
        pieces = raw[start : start + _BLOCK].split(b'"')
        outside = b"".join(pieces[inside::2])
        inside ^= (len(pieces) - 1) & 1
        levels = list(accumulate(memoryview(outside.translate(_STEPS, _OTHERS)).cast("b"), initial=level))
        level, deepest = levels[-1], max(deepest, *levels)
        if enough is not None and deepest > enough:
            break
    return deepest


def check(text: str | bytes, *, depth: int = MAX_DEPTH, size: int | None = None) -> None:
    """Raise `JsonBoundsError` where `text` is longer than `size` characters (bytes), or nested deeper than `depth`."""
    if size is not None and len(text) > size:
        raise JsonBoundsError(f"it is longer than {size} {'bytes' if isinstance(text, bytes) else 'characters'}")
    many = text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    if many > depth and depth_of(text, depth) > depth:
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
