"""What this floor says on pages of the floors below."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from deployment.artifacts.placement import why_nowhere
from training.models import ModelVersion


def standing_panel(request: HttpRequest, version: ModelVersion) -> str:
    """Why a version stands on no server."""
    reason = why_nowhere(version)
    if reason is None:
        return ""
    return render_to_string("deployment/artifacts/partials/nowhere.html", {"reason": reason}, request=request)
