"""News from below that this floor acts on."""

from typing import Any

from django.dispatch import receiver

from deployment.signals import version_staged


@receiver(version_staged)
def judge_the_version(sender: Any, staged_id: int, **kwargs: Any) -> None:
    """A version stands on a server: benchmark it and let the gate decide."""
    from evaluation.tasks import advance

    advance.delay_on_commit(staged_id)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask
