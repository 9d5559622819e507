"""The three streams of the review queue, and which of them comes when. Pure.

Training texts that teach most, texts that chance draws, and test texts, which are answered blind. What the first one
chooses says nothing of texts at large: figures are of the other two.
"""

from functools import cache
from math import gcd
from typing import NamedTuple

TEACH, RANDOM, BLIND = "teach", "random", "blind"


class Shares(NamedTuple):
    """Percent of what is given out, by stream; together 100."""

    teach: int = 60
    random: int = 20
    blind: int = 20

    def without_blind(self) -> "Shares":
        """The same where no test text is wanted: what they had goes to what teaches, and chance keeps its share.

        Where nothing is to teach, chance draws all.
        """
        return Shares(self.teach + self.blind, self.random, 0) if self.teach else Shares(0, 100, 0)


@cache
def cycle(shares: Shares) -> tuple[str, ...]:
    """The streams of one round, as evenly mixed as can be: whoever takes a whole round, wherever it begins, has each
    stream exactly by its share. Raises `ValueError` on shares that are none.
    """
    if min(shares) < 0 or sum(shares) != 100:
        raise ValueError(f"The shares {tuple(shares)} must be three numbers from 0 that add up to 100.")
    unit = gcd(*shares)
    parts = dict(zip((TEACH, RANDOM, BLIND), (share // unit for share in shares), strict=True))
    owed, order = dict.fromkeys(parts, 0), []
    for _ in range(100 // unit):
        for name, part in parts.items():
            owed[name] += part
        first = max(parts, key=lambda name: owed[name])
        owed[first] -= 100 // unit
        order.append(first)
    return tuple(order)


def stream_at(turn: int, shares: Shares) -> str:
    """The stream of a reviewer's turn with that number."""
    order = cycle(shares)
    return order[turn % len(order)]


def wants_validation(turn: int, shares: Shares, validation: float) -> bool:
    """Whether chance draws a validation text at that turn: so often that they are the part `validation` (0 to 1) of all
    that comes outside the test split, as far as the share of chance allows. What is chosen to teach has none of them.
    """
    drawn = shares.random / (shares.teach + shares.random) if shares.random else 0.0
    often = min(1.0, validation / drawn) if drawn else 0.0
    round_number = turn // len(cycle(shares))
    return int((round_number + 1) * often) > int(round_number * often)


def then(stream: str) -> tuple[str, ...]:
    """The streams to look into, in order, where the first has nothing left: chance first, test texts last."""
    return (stream, *(each for each in (RANDOM, TEACH, BLIND) if each != stream))
