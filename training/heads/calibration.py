"""From a head's scores to probabilities that mean what they say, fitted on rows that the head had not seen.

Platt's scaling for labels that are given each by itself, temperature for labels that exclude each other. The head
counts rare labels as much as frequent ones, so how often a label is given comes back in here, by one weight for all
labels: few examples would not carry a fit for each.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.heads.linear import Array, Linear

BINS = 10
# Beyond this a score says that its label was never seen, or always: it is no measurement.
_CERTAIN = 15.0


@dataclass(frozen=True)
class Calibration:
    """A score s of label l becomes `slope` * s + `shift` + `prior` * (how often l is given, as log-odds or log)."""

    slope: float = 1.0
    shift: float = 0.0
    prior: float = 0.0

    def applied(self, scores: "Array", often: "Array") -> "Array":
        """Scores whose sigmoid, or softmax, is the probability. Shapes (rows, labels) and (labels,)."""
        found: Array = self.slope * scores + self.shift + self.prior * often
        return found

    def into(self, head: "Linear", often: "Array") -> "Linear":
        """The head whose scores are calibrated."""
        import numpy as np

        from training.heads.linear import Linear

        weights = np.asarray(self.slope * head.weights, np.float32)
        return Linear(weights, np.asarray(self.applied(head.bias, often), np.float32), head.exclusive)


def how_often(targets: "Array", *, exclusive: bool) -> "Array":
    """Of each label, as log-odds or, where they exclude each other, as log; a label without rows counts half a row."""
    import numpy as np

    count, total = targets.sum(axis=0), len(targets)
    share = (count + 0.5) / (total + 1.0)
    found: Array = np.log(share) if exclusive else np.log(share / (1.0 - share))
    return found


def fit_calibration(scores: "Array", targets: "Array", often: "Array", *, exclusive: bool) -> Calibration:
    """The likeliest one for the rows, shapes (rows, labels). Where nothing is to be learnt, scores stay as they are."""
    import numpy as np
    from scipy.optimize import minimize

    plain = np.asarray(scores, np.float64)
    if exclusive:
        # Differences alone count there; a language model's scores lie anywhere together.
        plain = plain - plain.max(axis=1, keepdims=True)
        # Where nobody taught the right label, no slope makes it likely: a few such rows would flatten all others.
        taught = (plain * targets).sum(axis=1) > -_CERTAIN
        plain, targets = plain[taught], targets[taught]
    measured = np.abs(plain) < _CERTAIN
    if not measured.any():
        return Calibration()
    plain = np.clip(plain, -_CERTAIN, _CERTAIN)

    def loss(given: Any) -> float:
        found = Calibration(*given).applied(plain, often)
        if exclusive:
            return float((_log_sum(found) - (found * targets).sum(axis=1)).mean()) + _stiff(given)
        missed = np.logaddexp(0.0, np.where(targets > 0, -found, found))
        return float(missed[measured].mean()) + _stiff(given)

    # Where labels exclude each other a shift moves all alike, which says nothing, and a text's own label was counted
    # among those that its fold taught, so more than what the weights of rare labels took out would be learnt of it.
    bounds = [(0.05, 20.0), *([(0.0, 0.0), (0.0, 1.0)] if exclusive else [(-10.0, 10.0), (-2.0, 2.0)])]
    found = minimize(loss, np.array([1.0, 0.0, 0.0]), method="L-BFGS-B", bounds=bounds)
    return Calibration(*map(float, found.x))


def _stiff(given: Any) -> float:
    """So little that it decides only where rows say nothing, as where they are all told apart."""
    return 1e-4 * float((given[0] - 1.0) ** 2 + given[1] ** 2 + given[2] ** 2)


def _log_sum(scores: Any) -> Any:
    import numpy as np

    highest = scores.max(axis=1, keepdims=True)
    return highest[:, 0] + np.log(np.exp(scores - highest).sum(axis=1))


def calibration_error(chances: "Array", targets: "Array", *, exclusive: bool) -> float:
    """How far probability and truth lie apart, on the average over ten bins, 0 to 1.

    Of every label of every row, or, where labels exclude each other, of the likeliest one. 10.1609/aaai.v29i1.9602
    """
    import numpy as np

    if exclusive:
        best = chances.argmax(axis=1)
        said, right = chances.max(axis=1), targets[np.arange(len(targets)), best]
    else:
        said, right = chances.ravel(), targets.ravel()
    if not len(said):
        return 0.0
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    apart = (abs(said[place == each].sum() - right[place == each].sum()) for each in range(BINS))
    return float(sum(apart) / len(said))
