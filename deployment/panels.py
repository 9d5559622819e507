"""What this floor says on pages of the floors below."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from deployment.artifacts.placement import why_nowhere
from deployment.live import live_version
from deployment.serving.why import made_by_head
from labeling.models import Prediction, Project
from training.models import ModelVersion


def standing_panel(request: HttpRequest, version: ModelVersion) -> str:
    """Why a version stands on no server."""
    reason = why_nowhere(version)
    if reason is None:
        return ""
    return render_to_string("deployment/artifacts/partials/nowhere.html", {"reason": reason}, request=request)


def why_panel(request: HttpRequest, prediction: Prediction) -> str:
    """What a head's answer follows from; loaded when somebody opens it."""
    version = made_by_head(prediction)
    if version is None:
        return ""
    context = {"key": version.project.key, "prediction": prediction}
    return render_to_string("deployment/serving/partials/why_opener.html", context, request=request)


def end_panel(request: HttpRequest, project: Project) -> str:
    """What stops answering when the project is archived."""
    version = live_version(project)
    if version is None:
        return ""
    return render_to_string("deployment/end.html", {"version": version}, request=request)
