"""What a new project trains with until somebody says otherwise."""

from typing import Any

from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from labeling.models import Project
from labeling.services import events
from training.higher import serving_obstacle
from training.methods import HEAD
from training.models import RetrainPolicy, TrainingProfile
from training.services.bases import default_base
from training.services.encoders import default_encoder

PROFILE = "developer"


@transaction.atomic
def give_retrain_policy(actor: Actor, project: Project) -> RetrainPolicy | None:
    """The project's retrain policy: by a head where task and installation allow it, else by a language model.

    That is made on the shipped base with short runs; None where that is not listed either.
    """
    base, profile = default_base(), TrainingProfile.objects.filter(name=PROFILE).first()
    values: dict[str, Any]
    if _head_is_possible(actor, project):
        values = {"method": HEAD.name, "profile": profile}
    elif base is not None and profile is not None:
        values = {"base": base, "profile": profile}
    else:
        return None
    policy, created = RetrainPolicy.objects.get_or_create(project=project, defaults=values)
    if created:
        chosen = {name: row.uid if row else None for name, row in (("base", policy.base), ("profile", profile))}
        after = {**chosen, "method": policy.method, "threshold": policy.threshold}
        events.record(actor, "retrain_policy.created", policy, after=after)
    return policy


def _head_is_possible(actor: Actor, project: Project) -> bool:
    """The task is made of labels, an encoder is there, and a server that can serve what comes out."""
    if HEAD.obstacle(project) or serving_obstacle(project, HEAD):
        return False
    try:
        return not default_encoder(actor).obstacle
    except ProblemError:
        return False
