"""ASGI entry point, for those who serve with uvicorn or hypercorn."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()

from config.database.limits import limit_waits  # noqa: E402  after the settings are loaded

limit_waits()
