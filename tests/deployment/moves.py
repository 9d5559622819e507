"""Moves as a door makes them: planned, then carried out."""

import re
from typing import Any

from common.actor import Actor
from deployment.models import Deployment
from deployment.promotion import promote as verbs
from deployment.promotion.plan import plan_promotion, plan_rollback
from labeling.models import Project
from tests.factories import SYSTEM, acting
from training.models import ModelVersion


def _actor(who: Any) -> Actor:
    """Tests name a person, or nobody where the system moves."""
    if isinstance(who, Actor):
        return who
    return SYSTEM if who is None else acting(who)


def promote(user: Any, version: ModelVersion, **options: Any) -> Deployment:
    return verbs.promote(_actor(user), plan_promotion(version), **options)


def rollback(user: Any, project: Project, *, to: ModelVersion | None = None, **options: Any) -> Deployment:
    return verbs.rollback(_actor(user), plan_rollback(project, to), **options)


def premise_on(client: Any, url: str) -> str:
    """The digest of the plan that a confirmation page shows."""
    found = re.search(r'name="premise" value="([0-9a-f]{64})"', client.get(url).content.decode())
    assert found, f"{url} shows no plan to confirm"
    return found.group(1)


def confirm(client: Any, url: str, follow: bool = True, **fields: str) -> Any:
    """Look at a confirmation page and send its form."""
    return client.post(url, {"premise": premise_on(client, url), "reason": "", **fields}, follow=follow)
