"""Where a base model's weights are, for whoever runs the engine."""

import os

from django.conf import settings

from training.engine.bases.record import read_record
from training.engine.bases.shipped import LOCATION
from training.models import BaseModel


def resolve_location(base: BaseModel) -> str:
    """What `from_pretrained` is given: a folder on this host if there is one, else the hub name."""
    folder = settings.MODELS_DIR / base.location
    return str(folder) if base.location == LOCATION or os.path.isdir(folder) else base.location


def awaits_fetching(base: BaseModel) -> bool:
    """The shipped base, whose weights are not on this host yet."""
    return base.location == LOCATION and read_record(settings.MODELS_DIR / LOCATION) is None
