"""Drivers for model servers; `driver_for` gives the one that a server's row asks for."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

from deployment.addresses import AddressError, checked_url
from deployment.drivers.base import (
    Address,
    Artifact,
    Digests,
    Driver,
    LoadedModel,
    Measure,
    ModelEntry,
    Proof,
    Rendered,
    Reply,
    ServerInfo,
)
from deployment.drivers.errors import (
    AddressRefusedError,
    DriverError,
    NotThereError,
    PromptTooLongError,
    RefusedError,
    SlowError,
    TransportError,
    UnreadableError,
)
from deployment.reach import rules

if TYPE_CHECKING:
    from deployment.models import InferenceServer

# Title, and the function that makes a driver of an `Address`; imported when the first such server is asked.
KINDS: dict[str, tuple[str, str]] = {
    "local": ("Local llama.cpp", "deployment.drivers.local.local_driver"),
    "ollama": ("Ollama", "deployment.drivers.ollama.ollama_driver"),
}


def kind_choices() -> list[tuple[str, str]]:
    """The kinds of servers for a form, with their titles."""
    return [(kind, title) for kind, (title, _) in KINDS.items()]


def driver_for(server: "InferenceServer") -> Driver:
    """A driver for the server, with its key from the environment. Kept per process: connections are reused.

    `AddressRefusedError` where the row holds an address that is not called, whoever wrote it there.
    """
    try:
        url = checked_url(server.url, rules())
    except AddressError as error:
        raise AddressRefusedError(str(error)) from error
    make: Callable[[Address], Driver] = import_string(KINDS[server.kind][1])
    key = os.environ.get(server.key_env, "") if server.key_env else ""
    return make(Address(url, key, server.threads, server.slots, settings.MODEL_REQUEST_TIMEOUT))


__all__ = [
    "KINDS",
    "Address",
    "AddressRefusedError",
    "Artifact",
    "Digests",
    "Driver",
    "DriverError",
    "LoadedModel",
    "Measure",
    "ModelEntry",
    "NotThereError",
    "PromptTooLongError",
    "Proof",
    "RefusedError",
    "Rendered",
    "Reply",
    "ServerInfo",
    "SlowError",
    "TransportError",
    "UnreadableError",
    "driver_for",
    "kind_choices",
]
