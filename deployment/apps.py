"""The deployment floor: listens to training and labeling, and shows itself on a version's page of the admin."""

from django.apps import AppConfig


class DeploymentConfig(AppConfig):
    name = "deployment"
    verbose_name = "Deployment"

    def ready(self) -> None:
        from deployment import receivers, told  # noqa: F401  (connects the receivers)
        from deployment.artifacts.methods import method_obstacle
        from deployment.live import is_live
        from deployment.panels import standing_panel, why_panel
        from labeling import panels
        from training.higher import register_live, register_obstacle

        register_obstacle(method_obstacle)
        register_live(is_live)
        panels.register("version", standing_panel)
        panels.register("proposal", why_panel)
        told.register()
