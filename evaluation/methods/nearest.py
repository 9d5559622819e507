"""The golden samples that are most like a text, by the cosine of their rows: TF-IDF, or an encoder's vectors."""

from collections.abc import Sequence
from typing import Any

from evaluation.methods.learned import Ranked, by_chance, columns_of
from evaluation.methods.words import features
from training.heads.choosing import best_threshold

NEIGHBOURS = 5
# Golden samples that are asked about among the others, at most: a table of all by all would not fit into memory.
ASKED = 2_000


class Nearest:
    """A label's chance is its share among the nearest golden samples, each counting as much as it is alike.

    Where none is alike at all, its share among all of them. `matrix` and `asked`: rows of length one.
    """

    def __init__(self, labels: Sequence[frozenset[str]], matrix: Any, asked: Any) -> None:
        self.names = sorted(frozenset().union(*labels))
        self.targets = columns_of(labels, self.names)
        self.matrix, self.asked = matrix, asked

    def ranked(self) -> Ranked:
        """The chances of each asked text with the labels' names, the likeliest first."""
        return by_chance(self._chances(_alike(self.asked, self.matrix)), self.names)

    def threshold(self) -> float:
        """The best one for the golden samples themselves, each asked about among the others."""
        import numpy as np

        some = np.random.default_rng(7).permutation(len(self.targets))[:ASKED]
        alike = _alike(self.matrix[some], self.matrix)
        alike[np.arange(len(some)), some] = 0.0
        return best_threshold(self._chances(alike), self.targets[some])[0]

    def _chances(self, alike: Any) -> Any:
        """The chances of the labels, shape (asked, labels), from likenesses of shape (asked, rows)."""
        import numpy as np

        nearest = np.argsort(-alike, axis=1, kind="stable")[:, :NEIGHBOURS]
        weights = np.take_along_axis(alike, nearest, axis=1)
        total = weights.sum(axis=1)[:, None]
        shares = np.einsum("ak,akl->al", weights, self.targets[nearest]) / np.maximum(total, 1e-9)
        return np.where(total > 0, shares, self.targets.mean(axis=0))


def nearest_by_words(texts: Sequence[str], labels: Sequence[frozenset[str]], asked: Sequence[str]) -> Nearest:
    """By TF-IDF. Raises `NothingToLearnError` where the texts hold no words."""
    return Nearest(labels, *features(texts, asked))


def _alike(asked: Any, rows: Any) -> Any:
    """Cosines, shape (asked, rows); what points away is not alike at all."""
    import numpy as np

    found = asked @ rows.T
    return np.maximum(found if isinstance(found, np.ndarray) else found.toarray(), 0.0)
