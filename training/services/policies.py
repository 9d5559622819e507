"""What a new project trains with until somebody says otherwise."""

from django.db import transaction

from common.actor import Actor
from labeling.models import Project
from labeling.services import events
from training.models import RetrainPolicy, TrainingProfile
from training.services.bases import default_base

PROFILE = "developer"


@transaction.atomic
def give_retrain_policy(actor: Actor, project: Project) -> RetrainPolicy | None:
    """The project's retrain policy, made on the shipped base with short runs; None where that is not listed."""
    base, profile = default_base(), TrainingProfile.objects.filter(name=PROFILE).first()
    if base is None or profile is None:
        return None
    values = {"base": base, "profile": profile}
    policy, created = RetrainPolicy.objects.get_or_create(project=project, defaults=values)
    if created:
        after = {"base": base.uid, "profile": profile.uid, "threshold": policy.threshold}
        events.record(actor, "retrain_policy.created", policy, after=after)
    return policy
