"""All that is chosen of a head by rows that it had not seen: strength, calibration, thresholds, and their figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.calibrating import Calibrated, fit
from training.heads.calibration import Calibration, calibration_error, fit_calibration, how_often
from training.heads.choosing import FEWEST, MUCH, best_threshold, folds_of
from training.heads.linear import chances_of
from training.heads.thresholds import best_thresholds, given_by, micro_f1

if TYPE_CHECKING:
    from training.heads.linear import Array


@dataclass(frozen=True)
class Tuned:
    """What was chosen, and its figures over rows left out; None where the rows are too few to leave any out.

    `thresholds`: one a label. `figure`: micro-F1, or accuracy where labels exclude each other. `error`: of calibrated
    probabilities, `error_before`: of the head's own. `given`: what those rows are answered, 0 and 1, each by what the
    others chose. `whole_answer`: from the probability that all of an answer is right to the share that is, by
    the same rows; None where they are too few.
    """

    c: float
    calibration: Calibration
    thresholds: "Array"
    figure: float | None = None
    error: float | None = None
    error_before: float | None = None
    own_thresholds: bool = False
    given: "Array | None" = None
    whole_answer: Calibrated | None = None


@dataclass(frozen=True)
class Plan:
    """Which strengths are tried, over how many parts of the rows; none where the rows are too few.

    `shortened`: one strength, in two parts, as the table is so large.
    """

    strengths: Sequence[float]
    folds: int
    shortened: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """As the figures of a head have it."""
        return {"strengths": list(self.strengths), "folds": self.folds, "shortened": self.shortened}


def plan_of(golden: int, labels: int, strengths: Sequence[float], folds: int) -> Plan:
    """What a table of that size takes in good time."""
    if golden < FEWEST:
        return Plan((), folds)
    if golden * labels > MUCH:
        return Plan((sorted(strengths)[len(strengths) // 2],), 2, shortened=True)
    return Plan(tuple(strengths), min(folds, golden))


def untuned(strengths: Sequence[float], labels: int) -> Tuned:
    """For rows that are too few to leave any out."""
    import numpy as np

    return Tuned(sorted(strengths)[len(strengths) // 2], Calibration(), np.full(labels, 0.5))


def best_strength(scores: "dict[float, Array]", targets: "Array", *, exclusive: bool) -> float:
    """The strength whose left-out scores, shape (rows, labels), do best; the stiffest of equals."""
    worth = {c: _worth(found, targets, exclusive=exclusive) for c, found in scores.items()}
    return max(worth, key=lambda c: (worth[c], -c))


def _worth(scores: "Array", targets: "Array", *, exclusive: bool) -> float:
    if exclusive:
        return float((scores.argmax(axis=1) == targets.argmax(axis=1)).mean())
    return best_threshold(chances_of(scores, exclusive=False), targets)[1]


def tune(
    c: float,
    scores: "Array",
    targets: "Array",
    *,
    exclusive: bool,
    limit: int,
    folds: int,
    often: "Array | None" = None,
    seed: int = 7,
    tick: Callable[[], object] | None = None,
) -> Tuned:
    """Calibration and thresholds from left-out scores of shape (rows, labels).

    Their figures are of rows that neither head nor calibration nor thresholds had seen. `often`: how often labels are
    given (`how_often`) where other rows than these say it.
    """
    import numpy as np

    chances, given = np.zeros(scores.shape), {each: np.zeros(scores.shape, dtype=bool) for each in (False, True)}
    for fitted, left_out in folds_of(len(scores), folds, seed):
        prior = how_often(targets[fitted], exclusive=exclusive) if often is None else often
        found = fit_calibration(scores[fitted], targets[fitted], prior, exclusive=exclusive)
        known = chances_of(found.applied(scores[fitted], prior), exclusive=exclusive)
        chances[left_out] = chances_of(found.applied(scores[left_out], prior), exclusive=exclusive)
        for each, rows in () if exclusive else given.items():
            bounds = best_thresholds(known, targets[fitted], each=each)
            rows[left_out] = given_by(chances[left_out], bounds, limit)
        if tick is not None:
            tick()
    prior = how_often(targets, exclusive=exclusive) if often is None else often
    calibration = fit_calibration(scores, targets, prior, exclusive=exclusive)
    errors: dict[str, Any] = {
        "error": calibration_error(chances, targets, exclusive=exclusive),
        "error_before": calibration_error(chances_of(scores, exclusive=exclusive), targets, exclusive=exclusive),
    }
    if exclusive:
        likeliest = np.eye(targets.shape[1], dtype=bool)[chances.argmax(axis=1)]
        figure = float((likeliest & (targets > 0)).any(axis=1).mean())
        whole_answer = _whole_answer(chances.max(axis=1), (likeliest == (targets > 0)).all(axis=1))
        thresholds = np.zeros(targets.shape[1])
        return Tuned(c, calibration, thresholds, figure, **errors, given=likeliest, whole_answer=whole_answer)
    figures = {each: micro_f1(rows, targets) for each, rows in given.items()}
    own = figures[True] > figures[False]
    whole = chances_of(calibration.applied(scores, prior), exclusive=False)
    bounds = best_thresholds(whole, targets, each=own)
    # Each label by itself, as a prediction's confidence has it.
    sure = np.where(given[own], chances, 1.0 - chances).prod(axis=1)
    errors["whole_answer"] = _whole_answer(sure, (given[own] == (targets > 0)).all(axis=1))
    return Tuned(c, calibration, bounds, figures[own], **errors, own_thresholds=own, given=given[own])


def _whole_answer(confidences: "Array", right: "Array") -> Calibrated | None:
    return fit(confidences.tolist(), right.tolist())
