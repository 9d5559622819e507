"""Quotes and the places where a text holds them. Places count Unicode code points, as Python's strings do.

A quote may stand in a text several times. Its mentions have numbers: those that are whole words first, in the order of
the text, then those inside words. Where no number is given, a list of quotes is read in the order of the text: each is
the next mention from the begin of the one before.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from labeling.kinds.base import AnswerError, shown
from labeling.marks import neutralise

# A quote with more mentions than these is no piece of a text but a letter of it.
MOST_MENTIONS = 2_000


class Span(NamedTuple):
    """A labelled piece of a text: `start` is its first character, `end` the one after its last."""

    start: int
    end: int
    label: str


class Place(NamedTuple):
    """Where a quote stands. `is_exact`: in the same letters, but for chat marks that a prompt breaks."""

    start: int
    end: int
    is_exact: bool = True


# A small model that never ends repeats itself.
@lru_cache(maxsize=8)
def mentions(text: str, quote: str) -> Sequence[Place]:
    """Where a quote stands, by the mentions' numbers: as it is written, else in other case or with other white space.

    Those after the first `MOST_MENTIONS` are not looked for.
    """
    exact = [Place(at, at + len(quote)) for at in _found(text, quote)]
    return sorted(exact or _loosely(text, quote), key=lambda place: _is_inside_word(text, place))


def chosen(places: Sequence[Place], number: int, after: int, fits: Callable[[Place], bool]) -> Place | None:
    """The mention with that number; with 0 the first from `after` on that `fits`, else the first that does."""
    if number:
        return places[number - 1] if number <= len(places) else None
    ahead = next((place for place in places if place.start >= after and fits(place)), None)
    return ahead or next(filter(fits, places), None)


def number_of(text: str, span: Span, before: Collection[Span], after: int) -> int:
    """The number that has to stand beside a span's quote; 0 where it is found without. Raises `AnswerError`.

    `before` are the spans that are quoted before it, `after` is where the last of them begins.
    """
    places = mentions(text, text[span.start : span.end])
    meant = chosen(places, 0, after, lambda place: Span(place.start, place.end, span.label) not in before)
    if meant is not None and (meant.start, meant.end) == (span.start, span.end):
        return 0
    if Place(span.start, span.end) not in places:
        said = shown(text[span.start : span.end])
        raise AnswerError(f"{said} is mentioned more than {MOST_MENTIONS:,} times; mark a longer piece.")
    return places.index(Place(span.start, span.end)) + 1


def moved(span: Span, text: str, other: str) -> Span | None:
    """The span in another spelling of its text, which differs by case and white space alone; None where it does not."""
    # Taken apart, as equal texts may have a letter and its accent in one character, or in two.
    (letters, origins), (same, places) = _folded(text, "NFKD"), _folded(other, "NFKD")
    if letters != same:
        return None
    return Span(places[bisect_left(origins, span.start)], places[bisect_left(origins, span.end) - 1] + 1, span.label)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The same piece without white space at its edges; an empty one where it is nothing else."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, start + len(piece.strip())


def _found(text: str, quote: str) -> list[int]:
    found: list[int] = []
    at = text.find(quote)
    while at >= 0 and len(found) < MOST_MENTIONS:
        found.append(at)
        at = text.find(quote, at + 1)
    return found


def _is_inside_word(text: str, place: Place) -> bool:
    """Whether a word goes on over one of the edges."""
    return any(0 < at < len(text) and (text[at - 1] + text[at]).isalnum() for at in place[:2])


def _loosely(text: str, quote: str) -> list[Place]:
    folded, origins = _folded(text)
    wanted = _folded(quote)[0]
    places = []
    for at in _found(folded, wanted) if wanted else ():
        start, end = origins[at], origins[at + len(wanted) - 1] + 1
        # A prompt breaks chat marks by a space, so a model that quotes what it saw quotes exactly.
        places.append(Place(start, end, neutralise(text[start:end]) == quote))
    return places


@lru_cache(maxsize=8)
def _folded(text: str, form: Literal["NFKC", "NFKD"] = "NFKC") -> tuple[str, list[int]]:
    """A text without case and white space, and where each of its characters stood."""
    letters: list[str] = []
    origins: list[int] = []
    for at, char in enumerate(text):
        if not char.isspace():
            folded = unicodedata.normalize(form, char).casefold()
            letters.append(folded)
            origins.extend([at] * len(folded))
    return "".join(letters), origins
