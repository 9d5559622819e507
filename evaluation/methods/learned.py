"""What every simple method answers: chances of labels, and the chance from which a label is given."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

# What the task says of each label, by name.
Described = Mapping[str, str]
# Texts to rows of length one, shape (texts, dimension).
Vectors = Callable[[Sequence[str]], Any]
Ranked = list[list[tuple[float, str]]]


class NothingToLearnError(ValueError):
    """The rows hold no words, or no labels."""


class Learned(Protocol):
    """One method, taught, and asked about some texts."""

    def ranked(self) -> Ranked:
        """The chances of each asked text with the labels' names, the likeliest first."""

    def threshold(self) -> float:
        """The chance from which a label is given, where any number of them may be."""


def by_chance(chances: Any, names: list[str]) -> Ranked:
    """Rows of an array of shape (texts, labels), each with its names, the likeliest first, equal ones by name."""
    return [sorted(zip(row, names, strict=True), key=lambda pair: (-pair[0], pair[1])) for row in chances.tolist()]


def columns_of(labels: Any, names: list[str]) -> Any:
    """An array of 0 and 1, shape (rows, labels)."""
    import numpy as np

    return np.array([[name in each for name in names] for each in labels], dtype=int)
