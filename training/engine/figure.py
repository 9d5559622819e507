"""The task's own figure of answers that were generated against golden ones, as the texts themselves give it. Pure.

Answers in JSON are compared part by part: micro-F1 over their leaves, and accuracy where each golden answer is one
value. A part is its path, without its place in a list, and its value; given twice it counts once. What cannot be read
is an empty answer, and one part given in vain where the golden answer is empty, too: a failure is never free. Golden
answers that are no JSON are compared by their words.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from common import jsonbounds

# Words of a text that are compared; what comes behind them changes the figure little and takes long.
MOST_WORDS = 2000
# In a path, in the place of a number.
_LIST = "[]"

Leaf = tuple[str, ...]
# Numbers of a row that are summed over rows.
Parts = tuple[float, float, float]


def figure_of(golden: Sequence[str], given: Sequence[str]) -> float:
    """0 to 1 over all rows; 0 where there are none. `given` are the answers to the rows of `golden`, in their order."""
    return float(figure_from([sum(column) for column in zip((0.0, 0.0, 0.0), *parts_of(golden, given), strict=True)]))


def figure_from(sums: Any, rows: int = 0) -> Any:
    """The figure from the sums of its parts over `rows`, numbers or arrays of one shape; 0 of nothing."""
    both, wanted, found = sums
    # Where nothing is wanted and nothing found, nothing is in common either.
    return 2 * both / (wanted + found + (wanted + found == 0))


def parts_of(golden: Sequence[str], given: Sequence[str]) -> list[Parts]:
    """What the figure is worked out from, row by row: what is in both answers, in the golden one, in the given one.

    Where each row is right or wrong, or right by a share, that share of one and one.
    """
    pairs = list(zip(golden, given, strict=True))
    wanted = [_leaves(text) for text in golden]
    if any(leaves is None for leaves in wanted):
        return [(_words_f1(right, answer), 1.0, 1.0) for right, answer in pairs]
    right = [leaves or frozenset() for leaves in wanted]
    found = [_leaves(text) for text in given]
    if all(len(leaves) == 1 and _LIST not in next(iter(leaves)) for leaves in right):
        return [(float(leaves == answer), 1.0, 1.0) for leaves, answer in zip(right, found, strict=True)]
    return [_counts(leaves, answer) for leaves, answer in zip(right, found, strict=True)]


def _counts(wanted: frozenset[Leaf], found: frozenset[Leaf] | None) -> Parts:
    if found is None:
        return 0.0, float(len(wanted)), float(not wanted)
    return float(len(wanted & found)), float(len(wanted)), float(len(found))


def _leaves(text: str) -> frozenset[Leaf] | None:
    """The parts of an answer; None where it is no JSON."""
    try:
        value = jsonbounds.loads(text)
    except ValueError:
        return None
    return frozenset(_parts(value, ()))


def _parts(value: Any, path: Leaf) -> Iterator[Leaf]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _parts(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner, (*path, _LIST))
    else:
        yield (*path, json.dumps(value))  # as text: to Python, True is 1


def _words_f1(right: str, answer: str) -> float:
    wanted, found = (Counter(text.lower().split()[:MOST_WORDS]) for text in (right, answer))
    return _ratio(2 * (wanted & found).total(), wanted.total() + found.total())


def _ratio(part: float, of: float) -> float:
    return part / of if of else 0.0
