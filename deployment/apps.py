"""The deployment floor: listens to training."""

from django.apps import AppConfig


class DeploymentConfig(AppConfig):
    name = "deployment"
    verbose_name = "Deployment"

    def ready(self) -> None:
        from deployment import receivers  # noqa: F401  (connects the receivers)
