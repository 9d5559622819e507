"""The demonstration: plays the whole loop over all floors, as its users would."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "demo"
    verbose_name = "Demonstration"
