"""The training floor: listens to labeling and shows itself on its project page."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        from labeling import navigation, orders, panels, sections, steps
        from training import receivers, told, workers  # noqa: F401  (connects the receivers)
        from training.first_steps import baseline, first_training
        from training.ordering.orders import ORDERS
        from training.pages import PAGES
        from training.panels import retrain_panel
        from training.sections import SECTIONS

        navigation.register(*PAGES)
        sections.register(*SECTIONS)
        panels.register("project", retrain_panel)
        steps.register(50, baseline)
        steps.register(80, first_training)
        for order in ORDERS.values():
            orders.register(order)
        told.register()
