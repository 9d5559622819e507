"""What every simple method answers: chances of labels, and the chance from which a label is given."""

from collections.abc import Mapping
from typing import Any, Protocol

# What the task says of each label, by name.
Described = Mapping[str, str]
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


def best_threshold(chances: Any, targets: Any) -> float:
    """The chance from .05 to .95 with the best micro-F1 on rows that the method had not seen, shapes (rows, labels)."""
    import numpy as np

    steps = np.linspace(0.05, 0.95, 19)
    wanted = targets.sum()
    scores = []
    for step in steps:
        given = chances >= step
        scores.append(2 * (given & (targets == 1)).sum() / max(1, given.sum() + wanted))
    return float(steps[int(np.argmax(scores))])


def columns_of(labels: Any, names: list[str]) -> Any:
    """An array of 0 and 1, shape (rows, labels)."""
    import numpy as np

    return np.array([[name in each for name in names] for each in labels], dtype=int)
