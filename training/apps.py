"""The training floor: listens to labeling."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        from training import receivers, workers  # noqa: F401  (connects the receivers)
