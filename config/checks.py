"""System checks: time limits must be ordered, or long work starts twice."""

from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def time_limits_are_ordered(**kwargs: Any) -> list[CheckMessage]:
    """HTTP timeout < soft limit < hard limit < visibility timeout; a message comes back otherwise."""
    named = [
        ("MODEL_REQUEST_TIMEOUT", settings.MODEL_REQUEST_TIMEOUT),
        ("TASK_SOFT_TIME_LIMIT", settings.CELERY_TASK_SOFT_TIME_LIMIT),
        ("TASK_TIME_LIMIT", settings.CELERY_TASK_TIME_LIMIT),
        ("VISIBILITY_TIMEOUT", settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]),
    ]
    return [
        Error(
            f"{small}={low} must be below {large}={high}.",
            hint="A message that outlives the visibility timeout is delivered again while the first is still at work.",
            id="touchstone.E001",
        )
        for (small, low), (large, high) in pairwise(named)
        if low >= high
    ]
