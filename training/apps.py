"""The training floor: listens to labeling and shows itself on its project page."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        from labeling import orders, panels
        from training import receivers, told, workers  # noqa: F401  (connects the receivers)
        from training.ordering.orders import ORDERS
        from training.panels import retrain_panel

        panels.register("project", retrain_panel)
        for order in ORDERS.values():
            orders.register(order)
        told.register()
