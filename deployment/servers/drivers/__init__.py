"""Drivers for model servers; `driver_for` gives the one that a server's row asks for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

from common.addresses import AddressError, checked_url
from common.environment import key_named
from deployment.models.reach import rules
from deployment.models.server_kinds import KINDS
from deployment.servers.drivers.base import Address, Content, Driver
from deployment.servers.drivers.errors import (
    AddressRefusedError,
    CrowdedError,
    DriverError,
    ModelBrokenError,
    NotThereError,
    PromptTooLongError,
    RefusedError,
    SlowError,
    TransportError,
    UnreadableError,
)
from deployment.servers.drivers.said import (
    Digests,
    HeadSaid,
    LoadedModel,
    Measure,
    ModelEntry,
    Proof,
    Rendered,
    Reply,
    ServerInfo,
)

if TYPE_CHECKING:
    from deployment.models import InferenceServer


def driver_for(server: "InferenceServer") -> Driver:
    """A driver for the server, with its key from the environment. Kept per process: connections are reused.

    `AddressRefusedError` where the row holds an address that is not called, whoever wrote it there.
    """
    try:
        url = checked_url(server.url, rules())
    except AddressError as error:
        raise AddressRefusedError(str(error)) from error
    make: Callable[[Address], Driver] = import_string(KINDS[server.kind][1])
    return make(Address(url, key_named(server.key_env), server.threads, server.slots, settings.MODEL_REQUEST_TIMEOUT))


def serves(server: "InferenceServer", format: str) -> bool:
    """Whether servers of its kind take artifacts of this format. What else is wrong with it, staging says."""
    try:
        return format in driver_for(server).formats
    except AddressRefusedError:
        return True


__all__ = [
    "Address",
    "AddressRefusedError",
    "Content",
    "CrowdedError",
    "Digests",
    "Driver",
    "DriverError",
    "HeadSaid",
    "LoadedModel",
    "Measure",
    "ModelBrokenError",
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
    "serves",
]
