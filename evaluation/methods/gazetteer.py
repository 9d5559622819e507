"""A gazetteer: pieces of texts that training marks, marked again wherever they stand, the longest at each place."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from labeling.kinds.quotes import Span

# A word, or a sign; letters of scripts without spaces are words of their own runs, which is what a simple method has.
_WORD = re.compile(r"\w+|[^\w\s]")
_LABELS = ""  # no word is empty


class Gazetteer:
    """Words in a tree, without case. A piece that training leaves unmarked more often than not is forgotten."""

    def __init__(self, marked: Sequence[tuple[str, Sequence[Span]]]) -> None:
        counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for text, spans in marked:
            for span in spans:
                counts[_words(text[span.start : span.end])][span.label] += 1
        counts.pop((), None)
        tree = _tree({words: label for words, found in counts.items() for label, _ in found.most_common(1)})
        seen = Counter(words for text, _ in marked for words, *_ in _found(tree, text))
        kept = {words: found for words, found in counts.items() if found.total() * 2 >= seen[words]}
        self.tree = _tree({words: min(found, key=lambda name: (-found[name], name)) for words, found in kept.items()})

    def spans(self, text: str) -> list[Span]:
        """The pieces of a text that it knows; none overlap."""
        return [Span(start, end, label) for _, label, start, end in _found(self.tree, text)]


def _words(text: str) -> tuple[str, ...]:
    return tuple(match.group().casefold() for match in _WORD.finditer(text))


def _tree(labels: dict[tuple[str, ...], str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for words, label in labels.items():
        branch = tree
        for word in words:
            branch = branch.setdefault(word, {})
        branch[_LABELS] = label
    return tree


def _found(tree: dict[str, Any], text: str) -> Iterator[tuple[tuple[str, ...], str, int, int]]:
    """Words, label and place of each piece, from left to right, the longest at each place."""
    tokens = list(_WORD.finditer(text))
    at = 0
    while at < len(tokens):
        branch, after, best = tree, at, None
        while after < len(tokens) and (deeper := branch.get(tokens[after].group().casefold())) is not None:
            branch, after = deeper, after + 1
            if _LABELS in branch:
                best = (branch[_LABELS], after)
        if best is None:
            at += 1
            continue
        label, end = best
        start, stop = tokens[at].start(), tokens[end - 1].end()
        yield _words(text[start:stop]), label, start, stop
        at = end
