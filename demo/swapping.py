"""Moves to and fro, each by the services that the pages and the API call."""

import time
from collections.abc import Callable

from common.actor import Actor
from demo.load import Moved
from deployment.live import live_deployment
from deployment.promotion.plan import plan_promotion, plan_rollback
from deployment.promotion.promote import promote, rollback
from labeling.models import Project


def swap_back_and_forth(project: Project, actor: Actor, moves: int, pause: Callable[[], object]) -> list[Moved]:
    """Promote the other of the two newest versions and roll it back, `moves` in all; `pause` is called after each."""
    done = []
    for number in range(moves):
        live = live_deployment(project)
        assert live is not None, "something has to be live"
        began = time.monotonic()
        if number % 2 == 0:
            other = project.versions.exclude(pk=live.version_id).order_by("-number")[0]
            tag = promote(actor, plan_promotion(other), reason="Swap under load").version.tag
        else:
            tag = rollback(actor, plan_rollback(project), reason="Swap under load").version.tag
        done.append(Moved(began, time.monotonic(), tag))
        pause()
    return done
