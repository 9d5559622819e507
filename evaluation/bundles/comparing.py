"""Figures that were worked out again against those that are kept: bit for bit, and said where the last bits differ."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common import jsonbounds, jsonl

# The last bits of logarithms, exponentials and long sums are the processor's and the mathematical library's own.
LAST_BITS = 1e-9
# A whole number as long as this is no figure, and no float either.
_BEYOND = 2**63


@dataclass
class Compared:
    """How many values are equal bit for bit, how many but for the last bits, and which are not."""

    exact: int = 0
    near: int = 0
    faults: list[str] = field(default_factory=list)

    def value(self, name: str, kept: Any, found: Any) -> None:
        """Hold a kept value, of whatever depth, against the one found; names only one of them has are faults."""
        if isinstance(found, Mapping) and isinstance(kept, Mapping):
            for key in sorted(found.keys() | kept.keys(), key=str):
                self.value(f"{name} {key}".strip(), kept.get(key, _NOTHING), found.get(key, _NOTHING))
        elif isinstance(found, list) and isinstance(kept, list) and len(found) == len(kept):
            for place, (ours, theirs) in enumerate(zip(kept, found, strict=True), start=1):
                self.value(f"{name} {place}", ours, theirs)
        elif isinstance(found, bool) is isinstance(kept, bool) and found == kept:
            self.exact += 1
        elif _is_number(found) and _is_number(kept) and math.isclose(found, kept, rel_tol=LAST_BITS, abs_tol=1e-12):
            self.near += 1
        else:
            self.faults.append(f"{name} is {_shown(found)}, not {_shown(kept)}")

    @property
    def said(self) -> str:
        """How many are the same, and how exactly."""
        if not self.near:
            return f"{self.exact} values, bit for bit"
        return (
            f"{self.exact} values bit for bit, {self.near} but for the last bits, which are this machine's own "
            "(processor and libraries)"
        )


def plain(value: Any) -> Any:
    """A value as it comes out of JSON: tuples are lists, names of an enumeration texts."""
    return jsonbounds.loads(jsonl.dumps(value))


_NOTHING = object()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _BEYOND


def _shown(value: Any) -> str:
    return "not there" if value is _NOTHING else repr(value)[:300]
