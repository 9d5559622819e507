"""What is learnt in one training, and how far that is. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from training.engine.best import Evaluation

if TYPE_CHECKING:
    from training.heads.linear import Array


@dataclass(frozen=True)
class Taught:
    """Rows as tokens, and what is wanted of them: 0 and 1, shape (rows, labels)."""

    tokens: Sequence[Sequence[int]]
    targets: "Array"

    def some(self, places: Sequence[int]) -> "Taught":
        """Those at these places."""
        return Taught([self.tokens[place] for place in places], self.targets[list(places)])


@dataclass
class Progress:
    """How far a part is: updates, the scores of the rows left out after each pass, the weights that were best."""

    step: int = 0
    scores: "list[Array]" = field(default_factory=list)
    judged: list[Evaluation] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """`rows` are learnt `times` over; after each pass `held` judge.

    `number` is that of its chance, `before` the updates of the parts before it. `is_last`: its network is what comes
    out of the run, with the weights that were best where any judge.
    """

    number: int
    rows: Taught
    held: Taught
    times: int
    before: int
    is_last: bool
