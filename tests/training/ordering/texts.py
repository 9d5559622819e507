"""Texts as arrays, for the pure rules: points around a few middles, each cluster a label."""

from typing import Any

import numpy as np

from training.ordering.candidates import Candidates, Known

LABELS = 4


def points(count: int, seed: int = 1, labels: int = LABELS, dimension: int = 16) -> tuple[Any, Any]:
    """Vectors of length one, and the number of the cluster that each is of."""
    chance = np.random.default_rng(seed)
    middles = np.eye(dimension, dtype=np.float32)[:labels]
    group = np.arange(count) % labels
    rows = middles[group] + 0.15 * chance.normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), group


def make_texts(count: int = 120, golden: int = 0, *, headed: bool = False, **fields: Any) -> Candidates:
    """Candidates with ids from 1000 on; the chances say the cluster, and doubt every tenth text."""
    vectors, group = points(count)
    known, given = points(golden, seed=2)
    values: dict[str, Any] = {"labels": LABELS, "oldest": lambda most: range(1000, 1000 + most)[:count]}
    values["newest"] = lambda most: range(999 + count, 999, -1)[:most]
    if headed:
        chances = np.full((count, LABELS), 0.02)
        chances[np.arange(count), group] = 0.94
        chances[::10] = 0.25 + 0.001 * np.eye(LABELS)[group[::10]]
        values["chances"] = chances
        targets = np.eye(LABELS)[given] if golden else np.zeros((0, LABELS))
        said = 0.1 + 0.6 * targets
        said[:1] = said[:1, ::-1]  # of the first one they say something else
        values["known"] = lambda: Known(range(golden), said, targets)
    return Candidates(range(1000, 1000 + count), vectors, known, **{**values, **fields})
