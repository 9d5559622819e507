"""The network: an encoder's vectors of length one, and a linear head on them; texts as batches of tokens."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from training.engine.encoders.exporting import load
from training.engine.encoders.looking import Shape
from training.heads.linear import Linear

if TYPE_CHECKING:
    from training.heads.linear import Array

# Rows of like length are sought among so many batches.
_POOL = 16


class Network(torch.nn.Module):
    """`encoder` (ids, mask) to vectors; `head` vectors to scores."""

    def __init__(self, source: Path, shape: Shape, labels: int) -> None:
        super().__init__()
        self.encoder = load(source, shape)
        self.head = torch.nn.Linear(int(self.encoder.model.config.hidden_size), labels)  # type: ignore[union-attr,arg-type]  # torch types modules as tensors

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(rows, tokens) to scores of (rows, labels)."""
        scores: torch.Tensor = self.head(self.encoder(ids, mask))
        return scores

    def begin_with(self, head: Linear) -> None:
        """Put a fitted head on the encoder."""
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(np.ascontiguousarray(head.weights.T)))
            self.head.bias.copy_(torch.from_numpy(head.bias))

    def taken_head(self, *, exclusive: bool) -> Linear:
        """The head as it is now."""
        weight, bias = (each.detach().float().cpu().numpy() for each in (self.head.weight, self.head.bias))
        return Linear(np.ascontiguousarray(weight.T), bias.copy(), exclusive)


def device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def batch_of(rows: Sequence[Sequence[int]], pad: int, where: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, (rows, tokens)."""
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids.to(where), mask.to(where)


def passes(lengths: Sequence[int], size: int, seed: Sequence[int]) -> list[list[int]]:
    """The rows of one pass in batches, by chance, short rows with short ones."""
    chance = np.random.default_rng(list(seed))
    order = chance.permutation(len(lengths)).tolist()
    batches: list[list[int]] = []
    for start in range(0, len(order), size * _POOL):
        pool = sorted(order[start : start + size * _POOL], key=lengths.__getitem__)
        batches += [pool[at : at + size] for at in range(0, len(pool), size)]
    return [batches[place] for place in chance.permutation(len(batches))]


def vectors_of(
    network: Network, rows: Sequence[Sequence[int]], pad: int, size: int = 32
) -> "Iterator[tuple[list[int], Array]]":
    """The vectors of rows of tokens by the encoder as it is, batch by batch: their places, and (rows, dimension)."""
    where = network.head.weight.device
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    network.eval()
    for start in range(0, len(order), size):
        some = order[start : start + size]
        with torch.no_grad():
            found = network.encoder(*batch_of([rows[row] for row in some], pad, where))
        yield some, found.float().cpu().numpy()


def loss_of(scores: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, *, exclusive: bool) -> torch.Tensor:
    """The mean loss of a batch: cross-entropy of rows, or binary cross-entropy of each label. All (rows, labels).

    `weights` is (rows, 1) where labels exclude each other.
    """
    if exclusive:
        missed = cross_entropy(scores, targets, reduction="none")[:, None]
    else:
        missed = binary_cross_entropy_with_logits(scores, targets, reduction="none")
    return (weights * missed).mean()


def state_of(network: torch.nn.Module) -> dict[str, Any]:
    """A copy of the weights, away from the device."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
