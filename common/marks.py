"""A tokenizer's own marks: which of its tokens could end a turn, and texts in which they are broken.

A model reads such tokens as what they stand for wherever they are, so a text that holds one could speak as somebody
else. The engine takes them from the tokenizer; whoever writes a prompt breaks them by the same function.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

# Longer ones are no marks, and a bound keeps the time for a character of the text fixed.
LONGEST = 64


def marks_among(tokens: Iterable[str]) -> tuple[str, ...]:
    """Of a tokenizer's added and control tokens those that are marks, sorted.

    A mark has a letter or digit inside and signs at both ends (`<sop>`, `[|user|]`, `]~b]`). Words, runs of spaces and
    single signs that were added to a vocabulary mean no more than themselves. A SentencePiece space around a mark is
    no part of it.
    """
    return tuple(sorted({bare for token in tokens if _is_mark(bare := token.strip("▁ "))}))


def _is_mark(token: str) -> bool:
    if not 3 <= len(token) <= LONGEST or any(char.isspace() for char in token):
        return False
    return not (token[0].isalnum() or token[-1].isalnum()) and any(char.isalnum() for char in token)


def break_marks(text: str, marks: tuple[str, ...]) -> str:
    """`text` with a space after the first character of each mark: `<sop>` becomes `< sop>`. Twice is once."""
    return _expression(marks).sub(r"\g<0> ", text) if marks else text


@lru_cache(maxsize=64)
def _expression(marks: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all, letter by letter: each character of a text is looked at `LONGEST` times at most."""
    tree: dict[str, Any] = {}
    for mark in marks:
        branch = tree
        for char in mark:
            branch = branch.setdefault(char, {})
        branch[""] = {}
    firsts = (f"{re.escape(char)}(?={_rest(branch)})" for char, branch in tree.items())
    return re.compile("|".join(firsts))


def _rest(branch: dict[str, Any]) -> str:
    """What may follow: nothing more where a mark ends here, since the shortest one is enough."""
    if "" in branch:
        return ""
    parts = [re.escape(char) + _rest(more) for char, more in branch.items()]
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
