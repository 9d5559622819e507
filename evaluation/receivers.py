"""News from below that this floor acts on."""

from typing import Any

from django.dispatch import receiver

from common.actor import Actor
from common.queue import enqueue
from deployment.signals import version_staged
from labeling.models import Project
from labeling.signals import project_created


@receiver(project_created)
def give_a_gate_policy(sender: Any, project: Project, actor: Actor, **kwargs: Any) -> None:
    """A new project is judged by the defaults, which its managers see in the admin from the beginning."""
    from evaluation.services.reports import policy_of

    policy_of(project, actor)


@receiver(version_staged)
def judge_the_version(sender: Any, staged_id: int, **kwargs: Any) -> None:
    """A version stands on a server: benchmark it and let the gate decide."""
    enqueue("evaluation.advance", staged_id)
