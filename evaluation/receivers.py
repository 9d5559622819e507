"""News from below that this floor acts on."""

from typing import Any

from django.dispatch import receiver

from common.queue import enqueue
from deployment.signals import version_staged


@receiver(version_staged)
def judge_the_version(sender: Any, staged_id: int, **kwargs: Any) -> None:
    """A version stands on a server: benchmark it and let the gate decide."""
    enqueue("evaluation.advance", staged_id)
