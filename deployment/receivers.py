"""News from below that this floor acts on."""

import time
from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from common.actor import Actor
from common.queue import enqueue
from deployment.signals import version_broken, version_lost, version_promoted
from labeling.models import Project
from labeling.signals import project_created, proposals_wanted
from training.models import ModelVersion
from training.signals import version_created

if TYPE_CHECKING:
    from deployment.models import Deployment

# Every request finds it lost until it is mended; one message in so many seconds from each process is enough.
_LOOK_EVERY = 5.0
_asked_at: dict[int, float] = {}


@receiver(project_created)
def give_a_serving_policy(sender: Any, project: Project, actor: Actor, **kwargs: Any) -> None:
    """A new project is served as soon as it has a version."""
    from deployment.servers.registration import give_serving_policy

    give_serving_policy(actor, project)


@receiver(version_created)
def build_the_version(sender: Any, version_id: int, **kwargs: Any) -> None:
    """A run succeeded, or somebody made a version: have its file built, and the version staged."""
    from deployment.artifacts.build import request_build

    request_build(ModelVersion.objects.select_related("project", "base").get(pk=version_id))


@receiver(proposals_wanted)
def propose(sender: Any, project_id: int, **kwargs: Any) -> None:
    """An expert reviews: keep proposals ahead of them."""
    enqueue("deployment.propose", project_id)


@receiver(version_broken)
def bring_it_back(sender: Any, staged_id: int, sentence: str, **kwargs: Any) -> None:
    """A server could not load what is live: say so, and stage it again where its file can be had."""
    from deployment.monitoring.broken import note_broken

    note_broken(staged_id, sentence)


@receiver(version_lost)
def look_at_once(sender: Any, staged_id: int, **kwargs: Any) -> None:
    """A live version's tag was not where it should stand: have it mended before the next round."""
    now = time.monotonic()
    if now - _asked_at.get(staged_id, -_LOOK_EVERY) >= _LOOK_EVERY:
        _asked_at[staged_id] = now
        enqueue("deployment.look_again", staged_id)


@receiver(version_promoted)
def close_what_is_past(sender: Any, deployment: "Deployment", **kwargs: Any) -> None:
    """Another version is live: a banner about the one before must not be acted on any more."""
    from deployment.monitoring.findings import close_past

    close_past(deployment)
