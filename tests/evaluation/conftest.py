"""Models whose answers a test decides."""

from tests.evaluation.worlds import models

__all__ = ["models"]
