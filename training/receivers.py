"""News from below that this floor acts on."""

from typing import Any

from django.db.models.signals import post_migrate
from django.dispatch import receiver

from common.actor import Actor, system
from common.queue import enqueue
from labeling.models import Project
from labeling.signals import golden_sample_added, order_changed, project_created, proposals_wanted
from training.models import RetrainPolicy


@receiver(golden_sample_added)
def check_the_trigger(sender: Any, project_id: int, **kwargs: Any) -> None:
    """A golden sample landed: let a worker look whether it is time to train."""
    enqueue("training.check_trigger", project_id)


@receiver(proposals_wanted)
def have_the_draft_propose(sender: Any, project_id: int, **kwargs: Any) -> None:
    """An expert reviews: keep the draft's proposals ahead of them, where the project asks for it."""
    if RetrainPolicy.objects.filter(project=project_id, draft_proposes=True, draft_every__gt=0).exists():
        enqueue("training.propose_draft", project_id)


@receiver(order_changed)
def have_the_texts_ranked(sender: Any, project_id: int, **kwargs: Any) -> None:
    """Another order may never have been ranked."""
    enqueue("training.rank_texts", project_id)


@receiver(project_created)
def give_a_retrain_policy(sender: Any, project: Project, actor: Actor, **kwargs: Any) -> None:
    """A new project can be trained at once, where the shipped base is listed."""
    from training.services.policies import give_retrain_policy

    give_retrain_policy(actor, project)


@receiver(post_migrate)
def load_profiles(sender: Any, **kwargs: Any) -> None:
    """The repository's profiles are there after every migration."""
    if getattr(sender, "name", "") == "training":
        from training.services.bases import load_builtin_profiles

        load_builtin_profiles(system("migrate"))
