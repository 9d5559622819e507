"""One attempt as it is carried out: its row, its servers, and what a canary may take, read once."""

from dataclasses import dataclass

from common.actor import Actor, system
from deployment.models import Deployment, DeploymentTarget, ServingPolicy
from labeling.access import acting

CANARY_SECONDS = 30.0


@dataclass
class Attempt:
    """A move under way. `targets` leaves out the servers that are away; `actor` asked for it."""

    row: Deployment
    targets: list[DeploymentTarget]
    canary_seconds: float
    actor: Actor

    @classmethod
    def of(cls, row: Deployment) -> "Attempt":
        """One that another process began."""
        here = row.targets.exclude(state=DeploymentTarget.State.BEHIND).select_related(
            "server", "staged__server", "staged__version__spec", "staged__version__project", "staged__held_against"
        )
        asked = acting(row.actor) if row.actor else system("move")
        return cls(row, list(here.order_by("id")), canary_seconds(ServingPolicy.of(row.project_id)), asked)


def canary_seconds(policy: ServingPolicy | None) -> float:
    """How long a canary may take by the project's serving policy."""
    return policy.canary_seconds if policy else CANARY_SECONDS
