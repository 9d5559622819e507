"""The vectors of a run's texts, in parts that are kept. Each text by itself, as it is asked when it is served.

In 8 bits what stands beside a text in a batch would move its vector.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from common.encoder import Encoder
from training.heads.kept import Kept, name_of

if TYPE_CHECKING:
    from training.heads.linear import Array

PART = 128


@dataclass(frozen=True)
class TextVectors:
    """`vectors`, shape (texts, dimension); which texts were `cut` at the limit, and which are mostly `unknown`."""

    vectors: "Array"
    cut: "Array"
    unknown: "Array"


def parts_of(texts: Sequence[str]) -> list[Sequence[str]]:
    """The texts in the parts that are kept."""
    return [texts[start : start + PART] for start in range(0, len(texts), PART)]


def vectors_of(
    texts: Sequence[str], encoder: Encoder, kept: Kept, tick: Callable[[], object], done: Callable[[bool], object]
) -> TextVectors:
    """The vectors in the order of the texts.

    `tick` is called after each text, `done` after each part, with whether it was made now.
    """
    import numpy as np

    record = encoder.record
    found: list[dict[str, Array]] = []
    for part in parts_of(texts):
        name = f"vectors-{name_of(record.revision, record.runs, record.files[record.runs], record.prefix, list(part))}"
        is_new = not kept.has(name)
        found.append(kept.get(name, partial(_encoded, part, encoder, tick)))
        done(is_new)
    if not found:
        nothing = np.zeros(0, dtype=bool)
        return TextVectors(np.zeros((0, record.dimension), dtype=np.float32), nothing, nothing)
    return TextVectors(*(np.concatenate([part[key] for part in found]) for key in ("vectors", "cut", "unknown")))


def _encoded(texts: Sequence[str], encoder: Encoder, tick: Callable[[], object]) -> "dict[str, Array]":
    import numpy as np

    rows = []
    for text in texts:
        rows.append(encoder.encode([text]))
        tick()
    return {
        "vectors": np.concatenate([each.vectors for each in rows]),
        "cut": np.array([bool(each.cut) for each in rows]),
        "unknown": np.array([bool(each.unknown) for each in rows]),
    }
