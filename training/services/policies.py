"""What a new project trains with until somebody says otherwise."""

from labeling.models import Project
from training.models import RetrainPolicy, TrainingProfile
from training.services.bases import default_base

PROFILE = "developer"


def give_retrain_policy(project: Project) -> RetrainPolicy | None:
    """The project's retrain policy, made on the shipped base with short runs; None where that is not listed."""
    base, profile = default_base(), TrainingProfile.objects.filter(name=PROFILE).first()
    if base is None or profile is None:
        return None
    return RetrainPolicy.objects.get_or_create(project=project, defaults={"base": base, "profile": profile})[0]
