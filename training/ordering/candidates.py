"""What the orders choose from: a bounded part of the texts that wait, as arrays. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.heads.linear import Array

# Places that an order gives at most: what experts take from one ranking to the next, many times over.
MOST = 200


@dataclass(frozen=True)
class Known:
    """Golden samples by id, and what heads that had not seen them say: `chances`, `targets` of (samples, labels)."""

    ids: Sequence[int]
    chances: "Array"
    targets: "Array"


@dataclass(frozen=True)
class Candidates:
    """Training texts that wait, by id, in the order of chance.

    `vectors`: (texts, dimension), at length one. `golden`: vectors of golden samples, the same dimension. `chances`: of
    the newest head, (texts, labels), None while there is none; `exclusive`: a text has one label. `step`: texts that
    experts are given before the next head, about. `labels`: how many there are. The rest is asked for where an order
    wants it.
    """

    ids: Sequence[int]
    vectors: "Array"
    golden: "Array"
    labels: int
    chances: "Array | None" = None
    thresholds: "Array | None" = None
    exclusive: bool = True
    step: int = 10
    seed: int = 1
    oldest: Callable[[int], Sequence[int]] = field(default=lambda most: ())
    newest: Callable[[int], Sequence[int]] = field(default=lambda most: ())
    known: Callable[[], Known | None] = field(default=lambda: None)

    @property
    def is_headed(self) -> bool:
        """A head says something of them."""
        return self.chances is not None
