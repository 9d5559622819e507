"""What rows that were left out say of each pass, and what is chosen by them. No torch here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from training.engine.best import Evaluation
from training.heads.choosing import best_threshold
from training.heads.linear import chances_of

if TYPE_CHECKING:
    from training.heads.linear import Array


def evaluations(scores: "Sequence[Array]", targets: "Array", *, exclusive: bool) -> list[Evaluation]:
    """Of each pass, shape (rows, labels): micro-F1 at its best threshold, or accuracy where labels exclude each other.

    `step` is the number of passes.
    """
    return [evaluation(each, targets, step, exclusive=exclusive) for step, each in enumerate(scores, start=1)]


def evaluation(scores: "Array", targets: "Array", step: int, *, exclusive: bool) -> Evaluation:
    """Of one pass."""
    chances = chances_of(scores, exclusive=exclusive)
    said = np.clip(chances, 1e-9, 1 - 1e-9)
    if exclusive:
        figure = float((chances.argmax(axis=1) == targets.argmax(axis=1)).mean())
        return Evaluation(step, float(-np.log(said[targets > 0]).mean()), figure)
    loss = float(-np.log(np.where(targets > 0, said, 1 - said)).mean())
    return Evaluation(step, loss, best_threshold(chances, targets)[1])


def best_pass(judged: Sequence[Evaluation]) -> int:
    """The number of passes after which the rows left out were answered best; the first of equals."""
    best = judged[0]
    for each in judged[1:]:
        if each.is_better(best):
            best = each
    return best.step
