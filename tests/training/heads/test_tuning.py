"""What is chosen by rows left out: each row is answered by what the others say, and by nothing of its own."""

import numpy as np
import pytest

from training.heads.calibration import fit_calibration, how_often
from training.heads.tuning import tune

pytestmark = pytest.mark.pure


def test_how_often_a_label_is_given_is_said_by_the_other_rows():
    """Scores that say nothing, and two labels as often as each other: of the others, the other one is more frequent."""
    targets = np.eye(2)[[0, 1] * 10]
    tuned = tune(1.0, np.zeros(targets.shape), targets, exclusive=True, limit=1, folds=len(targets))
    assert tuned.figure == 0.0
    assert (tuned.given == (targets == 0)).all()


def test_other_rows_may_say_how_often_labels_are_given():
    targets = np.eye(2)[[0] * 11 + [1] * 9]
    often = how_often(np.eye(2)[[0] + [1] * 99], exclusive=True)
    chance = np.random.default_rng(1)
    scores = targets + chance.normal(0, 0.1, targets.shape)
    told, own = (tune(1.0, scores, targets, exclusive=True, limit=1, folds=5, often=said) for said in (often, None))
    assert told.calibration != own.calibration
    assert told.figure == 1.0, "what they are fitted with weighs as much as these rows say that it does"


@pytest.mark.parametrize("limit", [1, 3])
def test_the_answers_are_those_of_the_figure(limit: int):
    chance = np.random.default_rng(3)
    targets = (chance.random((60, 3)) < 0.4).astype(np.float64)
    scores = 2 * targets - 1 + chance.normal(0, 1, targets.shape)
    tuned = tune(1.0, scores, targets, exclusive=False, limit=limit, folds=5)
    both = (tuned.given & (targets > 0)).sum()
    assert tuned.figure == pytest.approx(2 * both / (tuned.given.sum() + targets.sum()))
    assert tuned.given.sum(axis=1).max() <= limit


def test_scores_that_lie_far_off_together_are_calibrated_by_their_differences():
    chance = np.random.default_rng(3)
    targets = np.eye(3)[chance.integers(0, 3, 80)]
    scores = 3 * targets + chance.normal(0, 1, targets.shape)
    near, far = (
        fit_calibration(scores + far, targets, np.zeros(3), exclusive=True)
        for far in (0.0, chance.normal(40, 5, (80, 1)))
    )
    assert far.slope == pytest.approx(near.slope, abs=1e-3)
    assert near.slope != 1.0


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_share_of_whole_answers_is_of_rows_left_out(exclusive: bool):
    """Three labels that hang together: a product of their probabilities is not how often all of them are right."""
    chance = np.random.default_rng(5)
    kinds = np.eye(3)[chance.integers(0, 3, 400)]
    scores = 3 * kinds - 1.5 + chance.normal(0, 1.5, (400, 1 if exclusive else 3))
    scores = scores + (chance.normal(0, 1.5, (400, 3)) if exclusive else 0)
    tuned = tune(1.0, scores, kinds, exclusive=exclusive, limit=3, folds=5)
    assert tuned.whole_answer is not None
    right = (tuned.given == (kinds > 0)).all(axis=1).mean()
    low, high = tuned.whole_answer.share(0.2), tuned.whole_answer.share(0.95)
    assert low < right < high
    few = tune(1.0, scores[:90], kinds[:90], exclusive=exclusive, limit=3, folds=5)
    assert few.whole_answer is None


def test_labels_that_a_fold_did_not_teach_flatten_no_others():
    """Of many labels with few rows each some are left out whole: -20 for the right one, and a slope that makes it less
    unlikely makes all others alike."""
    chance = np.random.default_rng(7)
    targets = np.eye(40)[np.arange(120) % 40]
    scores = 0.5 * targets + chance.normal(0, 0.1, targets.shape)
    untaught = scores.copy()
    untaught[::8] = np.where(targets[::8] > 0, -20.0, scores[::8])
    often = how_often(targets, exclusive=True)
    all_taught, some = (fit_calibration(each, targets, often, exclusive=True) for each in (scores, untaught))
    assert some.slope == pytest.approx(all_taught.slope, rel=0.1)
    assert tune(1.0, untaught, targets, exclusive=True, limit=1, folds=5).figure == pytest.approx(7 / 8, abs=0.03)


def test_what_folds_say_of_frequency_weighs_at_most_as_much_as_it_means():
    """The row that is left out was counted: by that alone frequent labels look likelier than they are."""
    counts = [6] * 10 + [1] * 10
    targets = np.eye(20)[np.repeat(np.arange(20), counts)]
    scores = np.where(np.repeat(np.array(counts), counts)[:, None] > 1, 0.5 * targets, 0.0)
    found = fit_calibration(scores, targets, how_often(targets, exclusive=True), exclusive=True)
    assert 0.0 <= found.prior <= 1.0
