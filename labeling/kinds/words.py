"""Labels in words: where their names stand in a text, and whether the text gives them as its answer.

Names are found as whole words, without case, in time that grows as the text does. A text gives labels where nothing but
lead-in words, signs and what parts a list stands around them, or where a sentence ends with "the answer is ...".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any, NamedTuple

from common.text import nfkc
from labeling.kinds.phrases import (
    COPULAS,
    DENYING,
    ENDING,
    LEADING,
    NOTHING,
    PARTING,
    SIGNS,
    SUPPOSING,
    TELLING,
    TURNING,
)

# A longer text is no list of labels with a few words around it.
MOST_CHARACTERS = 2_000
LINE = "\n"
BRACKETS = frozenset("{}[]")
QUOTES = ('"', "`")
# Scripts without spaces between words are read character by character; underscores and hyphens are gaps, as in labels.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+|\n|[^\w\s-]")
_CONTRACTED = re.compile(r"n['’]t\b", re.IGNORECASE)
_AROUND = SIGNS | {LINE}


class Words(NamedTuple):
    """The words and signs of a text, folded, and where each begins and ends: lists of plain values, which are quick."""

    folded: list[str]
    starts: list[int]
    ends: list[int]


@dataclass(frozen=True)
class Named:
    """The words of a text, and the names in it as pairs of places: of the first word, and after the last."""

    text: str
    words: Words
    places: tuple[tuple[int, int], ...]

    @property
    def names(self) -> list[str]:
        """The names as the text writes them."""
        return [self.text[self.words.starts[first] : self.words.ends[after - 1]] for first, after in self.places]

    def before(self) -> list[str]:
        """The words before the first name."""
        return self.words.folded[: self.places[0][0]]

    def after(self) -> list[str]:
        """The words after the last name."""
        return self.words.folded[self.places[-1][1] :]

    def gaps(self) -> Iterator[list[str]]:
        """The words between each name and the next."""
        return (self.words.folded[end:start] for (_, end), (start, _) in pairwise(self.places))


def words_of(text: str) -> Words:
    """The words and signs of a text in normal form."""
    words = Words([], [], [])
    for found in _WORD.finditer(text):
        words.folded.append(found.group().casefold())
        words.starts.append(found.start())
        words.ends.append(found.end())
    return words


@lru_cache(maxsize=64)
def _tree(names: tuple[str, ...]) -> dict[str, Any]:
    """The names word by word; at the end of one stands the empty word."""
    tree: dict[str, Any] = {}
    for name in names:
        branch = tree
        for word in words_of(nfkc(name)).folded:
            branch = branch.setdefault(word, {})
        if branch is not tree:
            branch[""] = {}
    return tree


def find_names(names: tuple[str, ...], text: str) -> Named:
    """Which of `names` stand in a text, the longest at each place."""
    text = nfkc(text).replace("\\_", "_")
    words, places, tree = words_of(text), [], _tree(names)
    at = 0
    while at < len(words.folded):
        end = _longest(tree, words.folded, at)
        if end > at:
            places.append((at, end))
        at = max(end, at + 1)
    return Named(text, words, tuple(places))


def _longest(branch: dict[str, Any], words: Sequence[str], at: int) -> int:
    """Where the longest name that begins at a word ends; `at` where none does."""
    end = at
    while at < len(words) and (found := branch.get(words[at])) is not None:
        branch, at = found, at + 1
        if "" in branch:
            end = at
    return end


def given_names(names: tuple[str, ...], text: str) -> list[str] | None:
    """The names that a text gives as its answer, as it writes them; empty where it says none, None where it gives none.

    Text that doubts, denies, asks, or says anything between one name and the next gives nothing.
    """
    if len(text) > MOST_CHARACTERS:
        return None
    named = find_names(names, text)
    if not named.places:
        return [] if _says_nothing(named.words.folded) else None
    before, after = named.before(), named.after()
    if _is_open([*before, *after, *chain.from_iterable(named.gaps())]):
        return None
    if not denies(" ".join([*before, *after])) and _leads(before) and _ends(after) and all(map(_parts, named.gaps())):
        return None if _CONTRACTED.search(named.text) else named.names
    return None


def _is_open(around: list[str]) -> bool:
    """Whether the words are of JSON, or end inside a quotation."""
    return not BRACKETS.isdisjoint(around) or any(around.count(quote) % 2 for quote in QUOTES)


def _says_nothing(words: list[str]) -> bool:
    said = [word for word in words if word not in _AROUND]
    while said and " ".join(said) not in NOTHING and said[0] in LEADING:
        said = said[1:]
    return bool(said) and " ".join(said) in NOTHING


def _leads(words: list[str]) -> bool:
    """Whether the words before the first name lead to it."""
    words = _without_numbers(words)
    if all(word in LEADING or word in _AROUND or word in ENDING or word == "," for word in words):
        return True
    close = [word for word in words if word in COPULAS or word not in _AROUND]
    count = len(close)
    while count and close[count - 1] in COPULAS:
        count -= 1
    return 0 < count < len(close) and close[count - 1] in TELLING


def _without_numbers(words: list[str]) -> list[str]:
    """Without the numbers of a list's points: `1.`, `2)`."""
    kept: list[str] = []
    for place, word in enumerate(words):
        is_first = all(each in _AROUND and each not in COPULAS for each in words[max(0, place - 1) : place])
        if word.isdecimal() and is_first and words[place + 1 : place + 2] in (["."], [")"]):
            continue
        if word == ")" and place and words[place - 1].isdecimal():
            continue
        kept.append(word)
    return kept


def _parts(words: list[str]) -> bool:
    """Whether the words between two names make a list of them."""
    words = _without_numbers(words)
    return all(word in PARTING or word in _AROUND for word in words) and any(
        word in PARTING or word == LINE for word in words
    )


def _ends(words: list[str]) -> bool:
    """Whether the answer ends where its names do: what follows is another sentence, or nothing."""
    said = [place for place, word in enumerate(words) if word not in _AROUND]
    if not said:
        return True
    return any(word in ENDING or word == LINE for word in words[: said[0]]) and not TURNING.intersection(words)


def denies(text: str) -> bool:
    """Whether a text takes something back, or asks."""
    words = set(words_of(nfkc(text)).folded)
    return bool(words & DENYING) or "?" in words or _CONTRACTED.search(text) is not None


def turns(text: str) -> bool:
    """Whether what follows an answer takes it back, or announces another."""
    words = set(words_of(nfkc(text)).folded)
    return bool(words & (DENYING | TURNING)) or _CONTRACTED.search(text) is not None


def leads_astray(text: str) -> bool:
    """Whether the sentence that leads to an answer says that it is none, or an example."""
    sentence: list[str] = []
    for word in words_of(nfkc(text)).folded:
        if word not in _AROUND and sentence and sentence[-1] in (*ENDING, "?", LINE):
            sentence = []
        sentence.append(word)
    said = set(sentence)
    return bool(said & (DENYING | SUPPOSING)) or _CONTRACTED.search(text[-200:]) is not None
