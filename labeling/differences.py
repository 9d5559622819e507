"""What became of a text, in pieces: words that stayed, went and came. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import LCSseq

# A matrix of bits: more words take too much memory for a page.
MOST_WORDS = 5_000
# Of a stretch that stayed, so many words are shown at each of its ends.
_SHOWN = 12
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A stretch of text that is in both, was taken away, or was added."""

    what: Literal["same", "removed", "added"]
    text: str


def pieces(before: str, after: str) -> list[Piece] | None:
    """What leads from one text to the other, in order; None where they are too long to be compared."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        return None
    found: list[Piece] = []
    gone, come = "", ""
    for step in [*LCSseq.opcodes(old, new), None]:
        if step and step.tag != "equal":
            gone += "".join(old[step.src_start : step.src_end])
            come += "".join(new[step.dest_start : step.dest_end])
            continue
        found += [Piece("removed", gone)] if gone else []
        found += [Piece("added", come)] if come else []
        found += [Piece("same", "".join(old[step.src_start : step.src_end]))] if step else []
        gone, come = "", ""
    return found


def shortened(found: list[Piece]) -> list[Piece]:
    """The same, with the middle of long stretches that stayed left out."""
    return [Piece("same", _ends(piece.text)) if piece.what == "same" else piece for piece in found]


def _ends(text: str) -> str:
    words = _WORDS.findall(text)
    if len(words) <= 4 * _SHOWN:
        return text
    return "".join([*words[: 2 * _SHOWN], " … ", *words[-2 * _SHOWN :]])
