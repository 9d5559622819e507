"""How sure a prediction is, as the share of such answers that are right; what a higher floor has measured of its model.

A model's own confidence is no such share, so it is not shown as one: a floor that knows what it is worth registers a
reader in its `apps.py`. Without one, and for models that nothing is known of, there is no share.
"""

from collections.abc import Callable

from labeling.models import Prediction

# From a raw confidence to a share, both 0 to 1.
Map = Callable[[float], float]
# The map of the model with that tag; None where nothing is known.
Reader = Callable[[str], Map | None]
_readers: list[Reader] = []


def register(reader: Reader) -> None:
    """Ask `reader` for the maps of models, once, however often it is registered."""
    if reader not in _readers:
        _readers.append(reader)


class Shares:
    """Shares of several predictions, each model looked up once."""

    def __init__(self) -> None:
        self._maps: dict[str, Map | None] = {}

    def of(self, prediction: Prediction) -> float | None:
        """0 to 1; None where it has no answer or no confidence, or too little is known of its model."""
        if prediction.answer is None or prediction.confidence is None:
            return None
        tag = prediction.model_tag
        if tag not in self._maps:
            self._maps[tag] = next((found for reader in _readers if (found := reader(tag)) is not None), None)
        share = self._maps[tag]
        return None if share is None else share(prediction.confidence)


def percent(share: float) -> str:
    """A share as pages show it: never as certain as 0 or 100 %."""
    return f"{min(max(round(100 * share), 1), 99)} %"
