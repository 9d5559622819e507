"""Which cases are one unit: near-duplicates, by whatever says that two texts are alike. Pure."""

from collections.abc import Hashable, Iterable, Sequence


def joined(rows: Sequence[Iterable[Hashable]]) -> list[int]:
    """The number of each row's group, from 0 in the order in which they come.

    Rows that share a key are in one group, and so is all that hangs together by keys. A row without a key is alone.
    """
    first: dict[Hashable, int] = {}
    over = list(range(len(rows)))

    def top(row: int) -> int:
        while over[row] != row:
            over[row] = over[over[row]]
            row = over[row]
        return row

    for row, keys in enumerate(rows):
        for key in keys:
            one, other = top(first.setdefault(key, row)), top(row)
            over[max(one, other)] = min(one, other)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(top(row), len(numbers)) for row in range(len(rows))]
