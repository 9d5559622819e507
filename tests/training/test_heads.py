"""Heads: what they learn, how they are chosen, how long a thousand labels take."""

import time

import numpy as np
import pytest

from training.heads import choose, fit
from training.heads.choosing import best_threshold
from training.heads.tuning import plan_of

pytestmark = pytest.mark.pure


def clusters(labels: int, each: int, *, noise: float = 0.3, dimension: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Rows of unit length around one centre a label, and their targets."""
    chance = np.random.default_rng(labels)
    centres = chance.normal(size=(labels, dimension))
    rows = np.repeat(centres, each, axis=0) + noise * chance.normal(size=(labels * each, dimension))
    order = chance.permutation(len(rows))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit.astype(np.float32)[order], np.repeat(np.eye(labels), each, axis=0)[order]


@pytest.mark.parametrize("exclusive", [True, False])
def test_what_can_be_told_apart_is(exclusive: bool) -> None:
    vectors, targets = clusters(5, 12)
    chances = fit(vectors, targets, exclusive=exclusive, c=10.0).chances(vectors)
    assert (chances.argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.95
    assert ((chances >= 0) & (chances <= 1)).all()
    if exclusive:
        assert np.allclose(chances.sum(axis=1), 1.0, atol=1e-5)


def test_it_is_scikit_learns_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    vectors, targets = clusters(3, 15, noise=2.0)
    ours = fit(vectors, targets, exclusive=False, c=10.0).chances(vectors)
    for column in range(3):
        theirs = LogisticRegression(C=10.0, class_weight="balanced", tol=1e-8, max_iter=2000)
        theirs.fit(vectors.astype(np.float64), targets[:, column])
        assert np.abs(theirs.predict_proba(vectors)[:, 1] - ours[:, column]).max() < 0.02


def test_labels_that_nothing_tells_apart() -> None:
    vectors, targets = clusters(2, 6)
    never_always = np.column_stack([targets, np.zeros(12), np.ones(12)])
    chances = fit(vectors, never_always, exclusive=False, c=10.0).chances(vectors)
    assert chances[:, 2].max() < 0.01 < 0.99 < chances[:, 3].min()
    assert fit(vectors, np.ones((12, 1)), exclusive=True, c=10.0).chances(vectors).min() == 1.0


def test_choice_and_threshold_come_from_rows_left_out() -> None:
    vectors, targets = clusters(4, 12, noise=2.5)
    choice = choose(vectors, targets, len(vectors), exclusive=False)
    seen = fit(vectors, targets, exclusive=False, c=choice.c).chances(vectors)
    assert choice.score is not None
    assert choice.score < best_threshold(seen, targets)[1], "the figure on rows that it knows is better"
    assert choose(vectors[:6], targets[:6], 6, exclusive=False).score is None, "too few rows to leave any out"


def test_a_thousand_labels_take_seconds() -> None:
    vectors, targets = clusters(1000, 1, dimension=16)
    began = time.process_time()
    for exclusive in (True, False):
        choice = choose(vectors, targets, len(vectors), exclusive=exclusive)
        head = fit(vectors, targets, exclusive=exclusive, c=choice.c)
        assert (head.chances(vectors).argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.9
    assert time.process_time() - began < 60


def test_the_rows_are_left_out_in_as_many_parts_as_there_are_rows_at_most() -> None:
    assert plan_of(12, 3, (1.0, 10.0), 20).folds == 12
    assert plan_of(9, 3, (1.0, 10.0), 20).strengths == ()
    large = plan_of(100_000, 3, (100.0, 1.0, 10.0), 5)
    assert large.told == {"strengths": [10.0], "folds": 2, "shortened": True}
