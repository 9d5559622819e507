"""Wiring: settings, URLs, Celery, launcher, health. Knows nothing of the domain."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
