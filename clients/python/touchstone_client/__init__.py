"""The Python client of Touchstone: ask, correct, train, wait, promote."""

from touchstone_client import shapes
from touchstone_client.client import Touchstone
from touchstone_client.errors import (
    ApiError,
    Changed,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NothingToServe,
    RunFailed,
    TimedOut,
    Unavailable,
)
from touchstone_client.project import Project
from touchstone_client.runs import Run, Version

__all__ = [
    "ApiError",
    "Changed",
    "Conflict",
    "Invalid",
    "NotAllowed",
    "NotFound",
    "NothingToServe",
    "Project",
    "Run",
    "RunFailed",
    "TimedOut",
    "Touchstone",
    "Unavailable",
    "Version",
    "shapes",
]
