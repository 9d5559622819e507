"""States of deployments and staged versions, each spelled once."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from deployment.models import Deployment, StagedVersion  # noqa: F401
    from training.models import ModelVersion

MOVING = ("planned", "staged", "warmed", "moved", "proven")
# From the switch of the row on, requests go to the new version; the steps after it only confirm.
SERVING = ("moved", "proven", "live")
NEEDED = (*MOVING, "live")


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def serving(self) -> Self:
        """What requests go to now, the newest first."""
        return self.filter(state__in=SERVING).order_by("-id")

    def live(self) -> Self:
        """What is live and whose move has ended."""
        return self.filter(state="live")

    def moving(self) -> Self:
        """Moves under way."""
        return self.filter(state__in=MOVING)

    def failed(self) -> Self:
        """Attempts that came to nothing."""
        return self.filter(state="failed")

    def ever_live(self) -> Self:
        """What was live once, and what is."""
        return self.filter(live_at__isnull=False)

    def needed(self) -> Self:
        """What serves, and what is about to."""
        return self.filter(state__in=NEEDED)

    def to_show(self) -> Self:
        """With all that a line about a deployment names."""
        return self.select_related("project", "version__project", "version__spec", "previous__project", "actor")


class StagedVersionQuerySet(models.QuerySet["StagedVersion"]):
    def staged(self) -> Self:
        """Those that stand on their server, proven."""
        return self.filter(state="staged")

    def kept(self) -> Self:
        """All but those whose files were taken away."""
        return self.exclude(state="removed")

    def serving_ready(self, version: "ModelVersion | int") -> Self:
        """Where a version stands on active servers that its project is served from."""
        rows = self.staged().filter(version=version, server__is_active=True)
        return rows.filter(server__policies__project=models.F("version__project")).order_by("id")

    def with_an_alias_left(self, states: Iterable[str] = SERVING) -> Self:
        """Those that the alias on their server stays with, as what is live, or in `states`, cannot be served there."""
        return self.filter(targets__state="stays", targets__deployment__state__in=states).distinct()

    def to_predict(self) -> Self:
        """With what a prediction takes, and no more: every one of them reads it."""
        return self.select_related("server", "artifact", "version__spec")

    def to_ask(self) -> Self:
        """With all that asking one, or saying its verdict, takes."""
        rows = self.select_related("server", "artifact", "held_against__project")
        return rows.select_related("version__spec", "version__project", "version__base")
