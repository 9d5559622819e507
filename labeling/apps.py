"""The labeling floor."""

from django.apps import AppConfig


class LabelingConfig(AppConfig):
    name = "labeling"
    verbose_name = "Labeling"

    def ready(self) -> None:
        from labeling import receivers, told  # noqa: F401  (connects them)

        told.register()
