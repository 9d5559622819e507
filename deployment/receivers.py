"""News from below that this floor acts on."""

from typing import Any

from django.dispatch import receiver

from deployment.signals import version_promoted
from labeling.models import Project
from labeling.signals import project_created, proposals_wanted
from training.signals import version_created


@receiver(project_created)
def give_a_serving_policy(sender: Any, project: Project, **kwargs: Any) -> None:
    """A new project is served as soon as it has a version."""
    from deployment.services.servers import give_serving_policy

    give_serving_policy(project)


@receiver(version_created)
def build_the_version(sender: Any, version_id: int, **kwargs: Any) -> None:
    """A run succeeded: build its GGUF."""
    from deployment.tasks import build

    build.delay_on_commit(version_id)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask


@receiver(proposals_wanted)
def propose(sender: Any, project_id: int, **kwargs: Any) -> None:
    """An expert reviews: keep proposals ahead of them."""
    from deployment.tasks import propose_next

    propose_next.delay_on_commit(project_id)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask


@receiver(version_promoted)
def close_what_is_past(sender: Any, deployment_id: int, **kwargs: Any) -> None:
    """Another version is live: a banner about the one before must not be acted on any more."""
    from deployment.models import Deployment
    from deployment.services.findings import close_past

    close_past(Deployment.objects.get(pk=deployment_id))
