"""Who moved a project from one version to another, in words."""

from django.utils import timezone

from deployment.models import Deployment


def told_by(deployment: Deployment) -> str:
    """Who moved, and when, for the one who came second."""
    at = timezone.localtime(deployment.live_at or deployment.created_at)
    verb = "rolled back" if deployment.action == Deployment.Action.ROLLBACK else "promoted it"
    return f"{who_of(deployment)} {verb} at {at:%H:%M:%S on %Y-%m-%d}"


def who_of(deployment: Deployment) -> str:
    """The person behind a deployment, or the gate."""
    return deployment.actor.get_username() if deployment.actor else "the gate"
