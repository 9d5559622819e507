"""Logistic regression for all labels at once: one minimization, so that a thousand labels take no thousand fits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

MOST_STEPS = 100


@dataclass(frozen=True)
class Linear:
    """`weights` of shape (dimension, labels), `bias` of (labels). `exclusive`: each text has one label, else any."""

    weights: "Array"
    bias: "Array"
    exclusive: bool

    def chances(self, vectors: "Array") -> "Array":
        """The chance of each label, shape (texts, labels); where they exclude each other a row sums to one."""
        return chances_of(self.scores(vectors), exclusive=self.exclusive)

    def scores(self, vectors: "Array") -> "Array":
        """What becomes a chance, shape (texts, labels)."""
        found: Array = vectors @ self.weights + self.bias
        return found


def chances_of(scores: "Array", *, exclusive: bool) -> "Array":
    """Scores as chances, of the same shape."""
    found: Array = _chances(scores, exclusive)
    return found


def fit(
    vectors: "Array", targets: "Array", *, exclusive: bool, c: float, tick: Callable[[], object] | None = None
) -> Linear:
    """Fit rows of shape (texts, dimension) to targets of 0 and 1, shape (texts, labels).

    `c` weighs the rows against the squares of the weights, as in scikit-learn. Rare labels count as much as frequent
    ones ("balanced"). A label that all rows have, or none, gets the chance that its bias says. `tick` is called at each
    step; what it raises ends the fit.
    """
    import numpy as np
    from scipy.optimize import minimize

    vectors, targets = np.asarray(vectors, np.float32), np.asarray(targets, np.float32)
    shape = (vectors.shape[1] + 1, targets.shape[1])
    rows = c * row_weights(targets, exclusive)

    def loss(flat: Any) -> tuple[float, Any]:
        table = flat.reshape(shape)
        scores = vectors @ table[:-1].astype(np.float32) + table[-1].astype(np.float32)
        chances = _chances(scores, exclusive)
        if exclusive:
            missed = -(targets * np.log(np.maximum(chances, 1e-30))).sum(axis=1, keepdims=True)
        else:
            missed = -np.log(np.maximum(np.where(targets > 0, chances, 1.0 - chances), 1e-30))
        slope = rows * (chances - targets)
        gradient = np.vstack([vectors.T @ slope + table[:-1], slope.sum(axis=0)])
        value = float((rows * missed).sum(dtype=np.float64)) + 0.5 * float((table[:-1] ** 2).sum())
        return value, gradient.astype(np.float64).ravel()

    start = np.zeros(shape)
    start[-1] = _first_bias(targets, exclusive)
    options = {"maxiter": MOST_STEPS, "ftol": 1e-6}
    ticks = None if tick is None else lambda _: tick()
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=options, callback=ticks)
    table = found.x.reshape(shape).astype(np.float32)
    return Linear(table[:-1], table[-1], exclusive)


def _chances(scores: Any, exclusive: bool) -> Any:
    import numpy as np

    if not exclusive:
        return 1.0 / (1.0 + np.exp(-np.clip(scores, -30.0, 30.0)))
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def row_weights(targets: Any, exclusive: bool) -> Any:
    """What each row counts: shape (texts, 1) where labels exclude each other, else (texts, labels)."""
    import numpy as np

    count, total = targets.sum(axis=0), len(targets)
    if exclusive:
        used = max(1, int((count > 0).sum()))
        return (targets @ (total / (used * np.maximum(count, 1)))[:, None]).astype(np.float32)
    has, lacks = total / (2 * np.maximum(count, 1)), total / (2 * np.maximum(total - count, 1))
    return np.where(targets > 0, has, lacks).astype(np.float32)


def _first_bias(targets: Any, exclusive: bool) -> Any:
    """Labels that no row tells apart begin, and so end, where they are never or always given."""
    import numpy as np

    count = targets.sum(axis=0)
    never = np.where(count == 0, -20.0, 0.0)
    return never if exclusive else np.where(count == len(targets), 20.0, never)
