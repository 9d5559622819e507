"""Models whose answers a test decides, and promotions on them."""

from tests.evaluation.promotions import by_the_gate, judged, standin
from tests.evaluation.worlds import models

__all__ = ["by_the_gate", "judged", "models", "standin"]
