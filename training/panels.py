"""What this floor says on pages of the floor below."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from labeling.models import Project
from training.queries import retraining


def retrain_panel(request: HttpRequest, project: Project) -> str:
    """How far the project is from training by itself, and its last run."""
    context = {"project": project, "retraining": retraining(project)}
    return render_to_string("training/panel.html", context, request=request)
