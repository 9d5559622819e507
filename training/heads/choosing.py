"""How strongly a head is held back, and from which chance it gives a label: by rows that it had not seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.heads.linear import chances_of, fit
from training.heads.thresholds import grid

if TYPE_CHECKING:
    from training.heads.linear import Array

FOLDS, FEWEST = 5, 10
STRENGTHS = (1.0, 10.0, 100.0)
# Rows times labels above which one strength is tried alone, in two folds: minutes otherwise.
MUCH = 200_000


@dataclass(frozen=True)
class Choice:
    """`score`: micro-F1, or accuracy where labels exclude each other, on rows left out; None where rows are too few."""

    c: float = 10.0
    threshold: float = 0.5
    score: float | None = None


def choose(vectors: "Array", targets: "Array", golden: int, *, exclusive: bool) -> Choice:
    """The best of a few over five folds of the first `golden` rows; the rows after them are always learnt from."""
    if golden < FEWEST:
        return Choice()
    if targets.size > MUCH:
        return Choice() if exclusive else tried(vectors, targets, golden, exclusive=False, c=Choice.c, folds=2)
    found = [tried(vectors, targets, golden, exclusive=exclusive, c=c) for c in STRENGTHS]
    return max(found, key=lambda choice: choice.score or 0.0)


def tried(vectors: "Array", targets: "Array", golden: int, *, exclusive: bool, c: float, folds: int = FOLDS) -> Choice:
    """One strength, with its best threshold and its score on the rows left out."""
    scores = left_out_scores(vectors, targets, golden, exclusive=exclusive, c=c, folds=folds)
    chances = chances_of(scores, exclusive=exclusive)
    if exclusive:
        return Choice(c, score=float((chances.argmax(axis=1) == targets[:golden].argmax(axis=1)).mean()))
    threshold, score = best_threshold(chances, targets[:golden])
    return Choice(c, threshold, score)


def left_out_scores(
    vectors: "Array",
    targets: "Array",
    golden: int,
    *,
    exclusive: bool,
    c: float,
    folds: int = FOLDS,
    seed: int = 7,
    tick: Callable[[], object] | None = None,
) -> "Array":
    """The scores of the first `golden` rows by heads that had not seen them, shape (golden, labels)."""
    import numpy as np

    scores, told = np.zeros((golden, targets.shape[1])), np.arange(golden, len(targets))
    for fitted, left_out in folds_of(golden, folds, seed):
        rows = np.concatenate([fitted, told])
        head = fit(vectors[rows], targets[rows], exclusive=exclusive, c=c, tick=tick)
        scores[left_out] = head.scores(vectors[left_out])
    return scores


def folds_of(golden: int, folds: int, seed: int = 7) -> list[tuple["Array", "Array"]]:
    """The rows that are fitted and those left out, by number, for each part."""
    import numpy as np
    from sklearn.model_selection import KFold

    return list(KFold(folds, shuffle=True, random_state=seed).split(np.arange(golden)))


def best_threshold(chances: Any, targets: Any) -> tuple[float, float]:
    """The chance from .05 to .95 with the best micro-F1 on rows not seen, shapes (rows, labels); and that F1."""
    wanted = targets.sum()
    found = []
    for step in grid():
        given = chances >= step
        found.append((2 * (given & (targets == 1)).sum() / max(1, given.sum() + wanted), -step))
    score, step = max(found)
    return float(-step), float(score)
