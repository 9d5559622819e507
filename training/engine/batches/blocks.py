"""How rows lie one behind the other in a single flat row, and what each part of it may look at. No torch here."""

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

# Queries of a row that are multiplied with their keys at once: it bounds memory, and spares what the causal mask hides.
QUERIES = 256
# Products of a query and a key, for one head, that are made at once at most, where several rows are taken together.
TOGETHER = 1_000_000
# Sizes are rounded up to so many tokens. Each new size costs a CPU the making of kernels for it: a tenth of a step, and
# as much memory as a small model's weights over a run.
STEP = 32


@dataclass(frozen=True)
class Piece:
    """Queries `start:end`. They see the keys of the prefix, and those from `own` on up to themselves."""

    start: int
    end: int
    prefix: int
    own: int


@dataclass(frozen=True)
class Group:
    """Pieces of equal size, `length` queries each: of those, what lies behind a piece's end is not looked at."""

    length: int
    pieces: tuple[Piece, ...]

    @property
    def keys(self) -> int:
        """How many keys a query may see: the prefix, what lies before the piece in its row, and the piece."""
        first = self.pieces[0]
        return first.prefix + first.start - first.own + self.length

    @property
    def scores(self) -> int:
        """Products of a query and a key, for one head."""
        return len(self.pieces) * self.length * self.keys


@dataclass(frozen=True)
class Blocks:
    """`prefix` tokens that all rows begin with, once, then the rest of each row, then filling that belongs to none."""

    prefix: int
    rests: tuple[int, ...]

    @cached_property
    def tokens(self) -> int:
        """The length of the flat row without its filling."""
        return self.prefix + sum(self.rests)

    @property
    def filling(self) -> int:
        """Tokens that round the length up."""
        return rounded_up(self.tokens) - self.tokens

    @property
    def useful(self) -> int:
        """The tokens of the rows as they would be alone: what was learnt from, however little was computed."""
        return self.prefix * len(self.rests) + sum(self.rests)

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where the rest of each row lies: start and end."""
        ends = list(accumulate(self.rests, initial=self.prefix))
        return tuple(pairwise(ends))

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The flat row in pieces of at most `QUERIES` tokens, none of which crosses from one row into another."""
        spans = [(0, self.prefix, 0), *((start, end, self.prefix) for start, end in self.spans)]
        return tuple(
            Piece(at, min(at + QUERIES, end), prefix, start)
            for start, end, prefix in spans
            for at in range(start, end, QUERIES)
        )

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The pieces, those of like size together."""
        found: dict[tuple[int, int, int], list[Piece]] = {}
        for piece in self.pieces:
            length = piece.end - piece.start
            if piece.own:  # the prefix is as long in every batch
                length = rounded_up(length)
            found.setdefault((piece.prefix, piece.start - piece.own, length), []).append(piece)
        groups = []
        for (prefix, before, length), pieces in found.items():
            most = max(1, TOGETHER // (length * (prefix + before + length)))
            groups += [Group(length, tuple(pieces[at : at + most])) for at in range(0, len(pieces), most)]
        return tuple(groups)

    @cached_property
    def scores(self) -> int:
        """Products of a query and a key in all groups, for one head."""
        return sum(group.scores for group in self.groups)

    def positions(self) -> list[int]:
        """The position of each token in its own row."""
        rests = (range(self.prefix, self.prefix + length) for length in self.rests)
        return [*range(self.prefix), *(position for rest in rests for position in rest), *range(self.filling)]


def rounded_up(size: int, step: int = STEP) -> int:
    """The next multiple of `step`."""
    return -(-size // step) * step


def common_prefix(rows: list[list[int]], most: int) -> int:
    """How many tokens, at most `most`, all rows begin with."""
    first, last = min(rows), max(rows)  # by the order of lists, all others lie between these two
    shared = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return min(shared, most)
