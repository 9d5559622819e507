"""Administration of this floor: what is trained and when is edited; what came of it is evidence."""

from training.admin import evidence, runs, setup  # noqa: F401  (registers the classes)
