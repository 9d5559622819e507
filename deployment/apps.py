"""The deployment floor: listens to training and labeling, and shows itself on a version's page of the admin."""

from django.apps import AppConfig


class DeploymentConfig(AppConfig):
    name = "deployment"
    verbose_name = "Deployment"

    def ready(self) -> None:
        from deployment import receivers, told  # noqa: F401  (connects the receivers)
        from deployment.artifacts.methods import method_obstacle
        from deployment.first_steps import live, server
        from deployment.live import is_live
        from deployment.pages import PAGES
        from deployment.panels import end_panel, standing_panel, why_panel
        from deployment.sections import SERVING
        from labeling import navigation, panels, sections, steps
        from training.higher import register_live, register_obstacle

        navigation.register(*PAGES)
        sections.register(SERVING)
        steps.register(40, server)
        steps.register(60, live)
        register_obstacle(method_obstacle)
        register_live(is_live)
        panels.register("end", end_panel)
        panels.register("version", standing_panel)
        panels.register("proposal", why_panel)
        told.register()
