"""Logistic regression on the vectors of a frozen sentence encoder."""

from collections.abc import Sequence
from functools import cached_property

from evaluation.methods.learned import Described, Ranked, Vectors, by_chance, columns_of
from training.heads import Choice, choose, fit


class Head:
    """What is said of a label is one more row of it, so a label without examples can be given, too.

    `exclusive`: each text has exactly one label.
    """

    def __init__(
        self,
        texts: Sequence[str],
        labels: Sequence[frozenset[str]],
        asked: Sequence[str],
        described: Described,
        vectors: Vectors,
        *,
        exclusive: bool,
    ) -> None:
        said = {name: f"{name.replace('_', ' ')}: {words}" for name, words in described.items() if words}
        self.names = sorted(frozenset(said).union(*labels))
        self.matrix = vectors([*texts, *said.values()])
        self.asked = vectors(asked)
        self.targets = columns_of([*labels, *(frozenset({name}) for name in said)], self.names)
        self._golden, self._exclusive = len(texts), exclusive

    def ranked(self) -> Ranked:
        """The chances of each asked text with the labels' names, the likeliest first."""
        head = fit(self.matrix, self.targets, exclusive=self._exclusive, c=self._choice.c)
        return by_chance(head.chances(self.asked), self.names)

    def threshold(self) -> float:
        """The best one over five folds of the golden rows."""
        return self._choice.threshold

    @cached_property
    def _choice(self) -> Choice:
        return choose(self.matrix, self.targets, self._golden, exclusive=self._exclusive)
