"""One version with its lineage, its proofs and where it stands."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployment import queries
from deployment.artifacts.placement import why_nowhere
from deployment.artifacts.rebuilding import can_be_rebuilt
from deployment.artifacts.retention import disk_use, keeping, removed
from deployment.artifacts.verdicts import staleness
from deployment.files import file_of, is_lost
from deployment.live import live_deployment
from deployment.models import VersionPin
from deployment.promotion.candidates import candidate as candidate_of
from labeling import panels
from labeling.access import Right, project_for
from labeling.views.base import page_context, person, polls
from training.queries import head_facts

SHOWN = 20


@login_required
@never_cache
@require_safe
def version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A version from its base and snapshot to its benchmarks and deployments."""
    project = project_for(person(request), key, Right.VIEW)
    row = get_object_or_404(queries.version_rows(project), number=number)
    staged = list(queries.staged_rows(row))
    live, file = live_deployment(project), file_of(row)
    candidate = candidate_of(row, file, live)
    candidate.staged, candidate.nowhere = staged, why_nowhere(row)
    context: dict[str, Any] = {
        "version": row,
        "head": head_facts(row),
        "file": file,
        "candidate": candidate,
        "standing": [(each, staleness(each, candidate.live)) for each in staged],
        # Benchmarks belong to the floor above; the relation's name is all that is known of them here.
        "benchmarks": row.benchmarks.order_by("-id")[:10],
        "history": queries.history(project).filter(version=row)[:SHOWN],
        "live": live,
        "is_live": live is not None and live.version_id == row.pk,
        "was_live": row.pk in queries.ever_live(project),
        "in_motion": candidate.moving,
        "parity": queries.parity_rows(row, file.artifact)[:SHOWN],
        "steps": queries.build_steps(file.artifact),
        "kept": keeping(project).get(row.number, ""),
        "pin": VersionPin.objects.filter(version=row).select_related("user").first(),
        "disk": disk_use(project).get(row.pk, 0),
        "removed": removed(row),
        "lost": is_lost(file.artifact),
        "can_be_rebuilt": can_be_rebuilt(row),
        "panels": panels.render("version_page", request, row),
    }
    part = "deployment/promotion/partials/version.html" if polls(request) else "deployment/promotion/version.html"
    return render(request, part, page_context(request, project, "deployments", **context))
