"""What is live and why, what could be, and everything that was; one deployment; one version with its lineage."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployment import queries
from deployment.artifacts.retention import disk_use
from deployment.live import live_deployment
from deployment.promotion.candidates import candidates
from deployment.promotion.confirmation import difference_before
from deployment.serving.traffic import around
from labeling import panels
from labeling.access import Right, project_for
from labeling.views.base import page_context, person, polls

CANDIDATES = 12
PAGE = 20


@login_required
@never_cache
@require_safe
def deployments(request: HttpRequest, key: str) -> HttpResponse:
    """The project's deployments page; HTMX asks for its changing part while something is in motion."""
    project = project_for(person(request), key, Right.VIEW)
    live, move = live_deployment(project), queries.move_under_way(project)
    rows = candidates(project, CANDIDATES, live)
    on_disk = disk_use(project)
    for candidate in rows:
        candidate.disk = on_disk.get(candidate.version.pk, 0)
    page = Paginator(queries.history(project), PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "live": live,
        "move": move,
        "candidates": rows,
        "disk": sum(on_disk.values()),
        "ever_live": queries.ever_live(project),
        "previous": live.previous if live else None,
        "page": page,
        "difference": difference_before(live) if live else [],
        "in_motion": bool(move) or any(row.moving for row in rows),
    }
    part = (
        "deployment/promotion/partials/deployments.html" if polls(request) else "deployment/promotion/deployments.html"
    )
    return render(request, part, page_context(request, project, "deployments", **context))


@login_required
@require_safe
def deployment(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One attempt: who, when, why, the Modelfile, its difference to the one before, and what the servers proved."""
    project = project_for(person(request), key, Right.VIEW)
    row = get_object_or_404(queries.history(project), uid=uid)
    proofs = row.evidence.get("proofs", {})
    plain = {name: value for name, value in row.evidence.items() if not isinstance(value, dict | list)}
    figures = {name: round(value, 4) if isinstance(value, float) else value for name, value in plain.items()}
    before, after = around(row)
    sides = [(name, side) for name, side in (("before", before), ("after", after)) if side]
    context: dict[str, Any] = {
        "row": row,
        "difference": difference_before(row),
        "proofs": proofs,
        "figures": figures,
        "sides": sides,
        "panels": panels.render("deployment", request, row),
    }
    context["targets"] = row.targets.select_related("server", "staged__version__project")
    return render(
        request, "deployment/promotion/deployment.html", page_context(request, project, "deployments", **context)
    )
