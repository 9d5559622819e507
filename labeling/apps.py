"""The labeling floor."""

from django.apps import AppConfig


class LabelingConfig(AppConfig):
    name = "labeling"
    verbose_name = "Labeling"

    def ready(self) -> None:
        from labeling import (
            navigation,
            receivers,  # noqa: F401  (connects them)
            sections,
            steps,
            told,
        )
        from labeling.first_steps import experts, samples, task
        from labeling.pages import PAGES
        from labeling.project_sections import GENERAL

        navigation.register(*PAGES)
        sections.register(GENERAL)
        for order, step in ((10, task), (20, samples), (30, experts)):
            steps.register(order, step)
        told.register()
