"""Servers that cannot serve what goes live: the alias there stays with a version that they can (ADR 30)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from deployment.artifacts.placement import cannot_serve
from deployment.live import alias_on, led_last
from deployment.models import Deployment, DeploymentTarget, InferenceServer, ServingPolicy, StagedVersion
from deployment.models.formats import needed_format
from deployment.servers.availability import unavailable
from deployment.servers.drivers import serves
from training.models import ModelVersion

Action = Deployment.Action


@dataclass(frozen=True)
class Stay:
    """What a move of `version` leaves the alias with on a server that cannot serve it.

    `staged` is None where the project has no alias there; `goes_back`: a rollback leads the alias there again.
    """

    server: InferenceServer
    version: ModelVersion
    action: str
    staged: StagedVersion | None
    goes_back: bool = False

    @property
    def sentence(self) -> str:
        """In words, for the plan."""
        if self.staged is None:
            what = "The project has no alias there, and none is set."
        else:
            what = f"The alias there {'goes back to' if self.goes_back else 'stays with'} {self.staged.version}."
        return f"{cannot_serve(self.version, [self.server])} {what}"

    @property
    def stands(self) -> bool:
        """There is a version under the alias, and it is where it should be."""
        return self.staged is not None and self.staged.state == StagedVersion.State.STAGED

    @property
    def standing(self) -> QuerySet[StagedVersion]:
        """Its row, as long as it is as it was read."""
        assert self.staged is not None
        rows = StagedVersion.objects.staged()
        return rows.filter(pk=self.staged.pk, manifest_digest=self.staged.manifest_digest)

    @property
    def obstacle(self) -> str:
        """What it stays with must stand there; a rollback, which must be quick, does not wait for that."""
        if self.staged is None or self.stands or self.action == Action.ROLLBACK or not self.server.is_active:
            return ""
        state = self.staged.get_state_display().lower()
        return (
            f"{self.sentence} But {self.staged.version} does not stand there now ({state}): wait, or rebuild it on its "
            "page."
        )


def left_behind(
    version: ModelVersion, action: str, live: Deployment | None, unable: Iterable[InferenceServer]
) -> tuple[Stay, ...]:
    """What the aliases on `unable` servers stay with: what they are to lead to now.

    After a rollback it is what they were left with when `version` was live, where that still stands.
    """
    found = []
    for server in unable:
        now = _leads_to_now(server, live) if live else None
        before = _left_when_live(version, server) if action == Action.ROLLBACK else None
        goes_back = before is not None and before != now
        found.append(Stay(server, version, action, before or now, goes_back))
    return tuple(found)


def switched_off(policy: ServingPolicy, version: ModelVersion, live: Deployment | None) -> list[InferenceServer]:
    """Servers of the policy that nobody asks now and whose alias stays already: what it stays with is kept for them."""
    if live is None:
        return []
    left = live.targets.filter(state=DeploymentTarget.State.STAYS).values("server")
    rows = policy.servers.filter(is_active=False, pk__in=left).order_by("pk")
    return [server for server in rows if not serves(server, needed_format(version))]


def to_load(stays: Iterable[Stay]) -> list[StagedVersion]:
    """What a move loads, where it leads an alias elsewhere."""
    asked = (each for each in stays if each.goes_back and each.server.is_active and not unavailable(each.server))
    return [each.staged for each in asked if each.staged is not None]


def _leads_to_now(server: InferenceServer, live: Deployment) -> StagedVersion | None:
    """By our rows; where the live version has not come up yet, what was led to before it."""
    behind = live.targets.filter(server=server, state=DeploymentTarget.State.BEHIND).exists()
    now = None if behind else alias_on(server, live)
    return now or led_last(server, live.project_id)


def _left_when_live(version: ModelVersion, server: InferenceServer) -> StagedVersion | None:
    rows = StagedVersion.objects.staged().select_related("server", "version__project")
    targets = DeploymentTarget.objects.filter(
        state=DeploymentTarget.State.STAYS,
        server=server,
        deployment__version=version,
        deployment__live_at__isnull=False,
        staged__in=rows,
    )
    last = targets.order_by("-deployment_id").values_list("staged", flat=True).first()
    return rows.filter(pk=last).first() if last else None


def in_the_way(version: ModelVersion, unable: Collection[InferenceServer], stays: Collection[Stay]) -> Iterable[str]:
    """Why the version cannot go live because of the servers that cannot serve it."""
    if unable and not stays:
        yield (
            f"{cannot_serve(version, unable)} What is live is live on all of a project's servers: take those out of "
            "the serving policy first, or say there that the alias may stay, with a version that they can serve."
        )
    yield from (each.obstacle for each in stays if each.obstacle)


def left(stays: Iterable[Stay]) -> dict[str, str]:
    """The version that each alias stays with, by the server's name; empty where there is no alias."""
    return {each.server.name: each.staged.version.tag if each.staged else "" for each in stays}
