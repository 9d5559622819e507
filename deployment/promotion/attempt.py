"""One attempt as it is carried out: its row, its servers, and what a canary may take, read once."""

from dataclasses import dataclass, field

from common.actor import Actor, system
from deployment.models import Deployment, DeploymentTarget, ServingPolicy
from labeling.access import acting

CANARY_SECONDS = 30.0


@dataclass
class Attempt:
    """A move under way. `targets` leaves out the servers that are away; `actor` asked for it.

    `stays`: the servers that cannot serve the version, with what their aliases are left with; `led`: ids of targets
    whose alias leads to the version already.
    """

    row: Deployment
    targets: list[DeploymentTarget]
    canary_seconds: float
    actor: Actor
    stays: list[DeploymentTarget] = field(default_factory=list)
    led: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, row: Deployment) -> "Attempt":
        """One that another process began."""
        here = row.targets.exclude(state=DeploymentTarget.State.BEHIND).select_related(
            "server", "staged__server", "staged__version__spec", "staged__version__project", "staged__held_against"
        )
        asked = acting(row.actor) if row.actor else system("move")
        rows = list(here.order_by("id"))
        stays = [target for target in rows if target.state == DeploymentTarget.State.STAYS]
        moves = [target for target in rows if target not in stays]
        return cls(row, moves, canary_seconds(ServingPolicy.of(row.project_id)), asked, stays)


def canary_seconds(policy: ServingPolicy | None) -> float:
    """How long a canary may take by the project's serving policy."""
    return policy.canary_seconds if policy else CANARY_SECONDS
