"""A loss that has tripled is said: the run goes on, and a person may want to stop it. Pure."""

from collections import deque

FACTOR = 3.0
# Below this a loss is noise, and so is three times as much.
NOISE = 0.05


class LossRise:
    """Holds the mean of the last few losses against the lowest one so far."""

    def __init__(self, name: str, window: int) -> None:
        self._name, self._window = name, window
        self._last: deque[float] = deque(maxlen=window)
        self._lowest: tuple[float, int] | None = None
        self._said = False

    def said(self, step: int, loss: float) -> str:
        """A sentence at the step at which it has tripled, once a rise; else empty."""
        self._last.append(loss)
        if len(self._last) < self._window:
            return ""
        mean = max(NOISE, sum(self._last) / self._window)
        if self._lowest is None or mean < self._lowest[0]:
            self._lowest, self._said = (mean, step), False
        lowest, since = self._lowest
        if self._said or mean < FACTOR * lowest:
            return ""
        self._said = True
        return f"The {self._name} has tripled: {lowest:.3g} at step {since}, {mean:.3g} at step {step}."
