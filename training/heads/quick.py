"""A head in seconds, from vectors that are there: the choices of a run (`fitting`), without its folder."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.heads.answering import Answering
from training.heads.calibration import how_often
from training.heads.choosing import FOLDS, STRENGTHS, left_out_scores
from training.heads.config import HeadTask
from training.heads.linear import Linear, fit
from training.heads.tuning import Tuned, best_strength, plan_of, tune, untuned

if TYPE_CHECKING:
    from training.heads.linear import Array


@dataclass(frozen=True)
class Quick:
    """A head whose scores are calibrated, how it answers, and what was measured on rows left out."""

    head: Linear
    answering: Answering
    tuned: Tuned


def fit_quickly(vectors: "Array", targets: "Array", golden: int, task: HeadTask) -> Quick:
    """From vectors of shape (rows, dimension) and targets of 0 and 1, shape (rows, labels).

    The rows after the first `golden` are what is said of labels. Of few rows nothing is tuned, of many one strength.
    """
    exclusive, labels = not task.several, targets.shape[1]
    plan = plan_of(golden, labels, STRENGTHS, FOLDS)
    tuned = untuned(STRENGTHS, labels)
    if plan.strengths:
        scores = {
            c: left_out_scores(vectors, targets, golden, exclusive=exclusive, c=c, folds=plan.folds)
            for c in plan.strengths
        }
        c = best_strength(scores, targets[:golden], exclusive=exclusive)
        tuned = tune(c, scores[c], targets[:golden], exclusive=exclusive, limit=task.limit, folds=plan.folds)
    head = fit(vectors, targets, exclusive=exclusive, c=tuned.c)
    often = how_often(targets[:golden], exclusive=exclusive)
    return Quick(tuned.calibration.into(head, often), Answering.of(task, tuned.thresholds.tolist()), tuned)


def packed(head: Linear) -> bytes:
    """The head as it is kept."""
    import numpy as np

    body = io.BytesIO()
    np.savez_compressed(body, weights=head.weights, bias=head.bias)
    return body.getvalue()


def unpacked(kept: bytes, *, exclusive: bool) -> Linear:
    """A head that was kept."""
    import numpy as np

    with np.load(io.BytesIO(kept), allow_pickle=False) as found:
        return Linear(found["weights"], found["bias"], exclusive)
