"""Moves to and fro, each by the services that the pages and the API call."""

import time
from collections.abc import Callable

from demo.load import Moved
from deployment.services import live_deployment, promote, rollback
from labeling.models import Project, User


def swap_back_and_forth(project: Project, user: User, moves: int, pause: Callable[[], object]) -> list[Moved]:
    """Promote the other of the two newest versions and roll it back, `moves` in all; `pause` is called after each."""
    done = []
    for number in range(moves):
        live = live_deployment(project)
        assert live is not None, "something has to be live"
        began = time.monotonic()
        if number % 2 == 0:
            other = project.versions.exclude(pk=live.version_id).order_by("-number")[0]
            tag = promote(user, other, reason="Swap under load").version.tag
        else:
            tag = rollback(user, project, reason="Swap under load").version.tag
        done.append(Moved(began, time.monotonic(), tag))
        pause()
    return done
