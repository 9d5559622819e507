"""Drivers for model servers; `driver_for` gives the one that a server's row asks for."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings

from deployment.drivers.base import (
    Artifact,
    Digests,
    Driver,
    DriverError,
    NotThereError,
    RefusedError,
    Rendered,
    Reply,
    TransportError,
)

if TYPE_CHECKING:
    from deployment.models import InferenceServer


def driver_for(server: "InferenceServer") -> Driver:
    """A driver for the server, with its key from the environment. Kept per process: connections are reused."""
    from deployment.drivers.local import local_driver
    from deployment.drivers.ollama import ollama_driver

    kinds: dict[str, Callable[[str, str, int, int, float], Driver]] = {"local": local_driver, "ollama": ollama_driver}
    key = os.environ.get(server.key_env, "") if server.key_env else ""
    url = server.url
    if server.kind == "local":
        key = key or settings.LOCAL_MODEL_SERVER_KEY
        if settings.EMBEDDED and settings.LOCAL_MODEL_SERVER_URL:
            # The launcher chooses a free port at every start; the row keeps the one it was made with.
            url = settings.LOCAL_MODEL_SERVER_URL
    return kinds[server.kind](url, key, server.threads, server.slots, settings.MODEL_REQUEST_TIMEOUT)


__all__ = [
    "Artifact",
    "Digests",
    "Driver",
    "DriverError",
    "NotThereError",
    "RefusedError",
    "Rendered",
    "Reply",
    "TransportError",
    "driver_for",
]
