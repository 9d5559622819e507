"""What is live and why, what could be, and everything that was; one deployment; one version with its lineage."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployment import querysets
from deployment.models import VersionPin
from deployment.moves import difference_before
from deployment.services import disk_use, keeping, live_deployment, previous_version, staleness
from deployment.services.retention import removed
from deployment.services.standing import why_nowhere
from deployment.services.traffic import around
from labeling.access import Right, project_for
from labeling.views.base import page_context, person

CANDIDATES = 12
PAGE = 20


@login_required
@never_cache
@require_safe
def deployments(request: HttpRequest, key: str) -> HttpResponse:
    """The project's deployments page; HTMX asks for its changing part while something is in motion."""
    project = project_for(person(request), key, Right.VIEW)
    live, move = live_deployment(project), querysets.move_under_way(project)
    rows = querysets.candidates(project, CANDIDATES, live.version if live else None)
    on_disk = disk_use(project)
    for candidate in rows:
        candidate.disk = on_disk.get(candidate.version.pk, 0)
    page = Paginator(querysets.history(project), PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "live": live,
        "move": move,
        "candidates": rows,
        "disk": sum(on_disk.values()),
        "ever_live": querysets.ever_live(project),
        "previous": previous_version(project),
        "page": page,
        "difference": difference_before(live) if live else [],
        "in_motion": bool(move) or any(row.moving for row in rows),
    }
    part = "deployment/partials/deployments.html" if _polls(request) else "deployment/deployments.html"
    return render(request, part, page_context(request, project, "deployments", **context))


@login_required
@require_safe
def deployment(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One attempt: who, when, why, the Modelfile, its difference to the one before, and what the servers proved."""
    project = project_for(person(request), key, Right.VIEW)
    row = get_object_or_404(querysets.history(project), uid=uid)
    proofs = row.evidence.get("proofs", {})
    plain = {name: value for name, value in row.evidence.items() if not isinstance(value, dict | list)}
    figures = {name: round(value, 4) if isinstance(value, float) else value for name, value in plain.items()}
    before, after = around(row)
    sides = [(name, side) for name, side in (("before", before), ("after", after)) if side]
    context = {"row": row, "difference": difference_before(row), "proofs": proofs, "figures": figures, "sides": sides}
    context["targets"] = row.targets.select_related("server")
    return render(request, "deployment/deployment.html", page_context(request, project, "deployments", **context))


@login_required
@never_cache
@require_safe
def version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A version from its base and snapshot to its benchmarks and deployments."""
    project = project_for(person(request), key, Right.VIEW)
    row = get_object_or_404(querysets.version_rows(project), number=number)
    staged = list(querysets.staged_rows(row))
    live = live_deployment(project)
    candidate = querysets.Candidate(row, staged, live=live.version if live else None, nowhere=why_nowhere(row))
    context: dict[str, Any] = {
        "version": row,
        "candidate": candidate,
        "standing": [(each, staleness(each, candidate.live)) for each in staged],
        # Benchmarks belong to the floor above; the relation's name is all that is known of them here.
        "benchmarks": row.benchmarks.order_by("-id")[:10],
        "history": querysets.history(project).filter(version=row)[:PAGE],
        "is_live": live is not None and live.version_id == row.pk,
        "was_live": row.pk in querysets.ever_live(project),
        "in_motion": candidate.moving,
        "parity": querysets.parity_rows(row)[:PAGE],
        "steps": querysets.build_steps(row),
        "kept": keeping(project).get(row.number, ""),
        "pin": VersionPin.objects.filter(version=row).select_related("user").first(),
        "disk": disk_use(project).get(row.pk, 0),
        "removed": removed(row),
    }
    part = "deployment/partials/version.html" if _polls(request) else "deployment/version.html"
    return render(request, part, page_context(request, project, "deployments", **context))


def _polls(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]  # set by django-htmx
