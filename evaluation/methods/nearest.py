"""The golden samples that are most like a text, by the cosine of their TF-IDF rows."""

from collections.abc import Sequence
from typing import Any

from evaluation.methods.learned import Ranked, best_threshold, by_chance, columns_of
from evaluation.methods.words import features

NEIGHBOURS = 5


class Nearest:
    """A label's chance is its share among the nearest golden samples, each counting as much as it is alike.

    Where none is alike at all, its share among all of them.

    Raises `NothingToLearnError` where the texts hold no words.
    """

    def __init__(self, texts: Sequence[str], labels: Sequence[frozenset[str]], asked: Sequence[str]) -> None:
        self.names = sorted(frozenset().union(*labels))
        self.targets = columns_of(labels, self.names)
        self.matrix, self.asked = features(texts, asked)

    def ranked(self) -> Ranked:
        """The chances of each asked text with the labels' names, the likeliest first."""
        return by_chance(self._chances(_alike(self.asked, self.matrix)), self.names)

    def threshold(self) -> float:
        """The best one for the golden samples themselves, each asked about among the others."""
        import numpy as np

        alike = _alike(self.matrix, self.matrix)
        np.fill_diagonal(alike, 0.0)
        return best_threshold(self._chances(alike), self.targets)

    def _chances(self, alike: Any) -> Any:
        """The chances of the labels, shape (asked, labels), from likenesses of shape (asked, rows)."""
        import numpy as np

        nearest = np.argsort(-alike, axis=1, kind="stable")[:, :NEIGHBOURS]
        weights = np.take_along_axis(alike, nearest, axis=1)
        total = weights.sum(axis=1)[:, None]
        shares = np.einsum("ak,akl->al", weights, self.targets[nearest]) / np.maximum(total, 1e-9)
        return np.where(total > 0, shares, self.targets.mean(axis=0))


def _alike(asked: Any, rows: Any) -> Any:
    return (asked @ rows.T).toarray()
