"""An order of rows in which the rows of a batch are of like length, for batches that are padded."""

import random
from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler

# Sorted within so many batches at once: enough to save nearly all padding, few enough that batches stay different ones.
BATCHES = 8


class LikeLengths(Sampler[int]):
    """A sampler: shuffled, sorted by length within some batches, the batches shuffled.

    Its order hangs on seed and epoch alone, so a resumed run goes on with the same rows.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self._lengths, self._batch, self._seed, self._epoch = list(lengths), batch, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each pass."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self._seed}/{self._epoch}")
        order = list(range(len(self._lengths)))
        chance.shuffle(order)
        size = self._batch * BATCHES
        parts = (sorted(order[at : at + size], key=self._lengths.__getitem__) for at in range(0, len(order), size))
        batches = [part[at : at + self._batch] for part in parts for at in range(0, len(part), self._batch)]
        # One that is not full comes last: in between, it would shift the rows of all batches behind it.
        whole = [batch for batch in batches if len(batch) == self._batch]
        chance.shuffle(whole)
        yield from (index for batch in whole for index in batch)
        yield from (index for batch in batches if len(batch) < self._batch for index in batch)
