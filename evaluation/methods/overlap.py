"""What one can do without a single answer: count the words that a text shares with what is said of each label."""

import re
import unicodedata
from collections.abc import Sequence

from common.text import Characters, nfkc
from evaluation.methods.learned import Described, Ranked

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_WITHOUT_PUNCTUATION = Characters(lambda char: None if unicodedata.category(char).startswith("P") else char)


class Overlap:
    """A label's chance is how many words it shares with the text, as a share of what the best label does."""

    def __init__(self, asked: Sequence[str], described: Described) -> None:
        self._words = {name: _words(f"{name.replace('_', ' ')} {said}") for name, said in sorted(described.items())}
        self._asked = asked

    def ranked(self) -> Ranked:
        """The chances of each asked text with the labels' names, the likeliest first, equal ones by name."""
        return [self._row(_words(text)) for text in self._asked]

    def threshold(self) -> float:
        """No label but those that share the most words."""
        return 1.0

    def _row(self, words: frozenset[str]) -> list[tuple[float, str]]:
        shared = {name: len(words & own) for name, own in self._words.items()}
        most = max([*shared.values(), 1])
        return sorted(((count / most, name) for name, count in shared.items()), key=lambda pair: (-pair[0], pair[1]))


def _words(text: str) -> frozenset[str]:
    """Without case, punctuation and English articles."""
    folded = nfkc(text).casefold()
    return frozenset(_ARTICLES.sub(" ", folded.translate(_WITHOUT_PUNCTUATION)).split())
