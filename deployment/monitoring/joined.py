"""A server that joined a project while what is live cannot be served there, and whose alias can stay with nothing."""

import logging

from deployment.models import Deployment, Finding
from deployment.monitoring.findings import close, report
from deployment.promotion.joining import joined

logger = logging.getLogger(__name__)
Kind, State = Finding.Kind, Finding.State


def note_joined(live: Deployment) -> int:
    """Open what stands in the way, close what does so no more; the number of those that stand in the way."""
    lacking = {each.server: each for each in joined(live) if each.obstacle}
    for server, each in lacking.items():
        found = report(live.project, live.version, Kind.JOINED, each.obstacle, server=server, found=each.cause)
        if found is not None:
            logger.warning("%s", each.obstacle)
    rows = Finding.objects.filter(project=live.project, version=live.version, kind=Kind.JOINED, state=State.OPEN)
    for row in rows.select_related("server"):
        if row.server not in lacking:
            close(live.project, live.version, Kind.JOINED, State.GONE, server=row.server)
    return len(lacking)
