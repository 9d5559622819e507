"""What this floor says on pages of the floors below."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from deployment.models import Deployment
from evaluation.queries import results_of
from evaluation.services.bundles import can_travel
from labeling.models import Sample, Split

SHOWN = 10


def sample_panel(request: HttpRequest, sample: Sample) -> str:
    """What versions answered to a test sample in benchmarks; nothing while its experts are to answer blind."""
    shows = sample.split == Split.TEST and not sample.is_blind
    results = list(results_of(sample, SHOWN)) if shows else []
    if not results:
        return ""
    return render_to_string("evaluation/panel.html", {"results": results, "project": sample.project}, request=request)


def evidence_panel(request: HttpRequest, deployment: Deployment) -> str:
    """The evidence of a promotion, to take along."""
    if not can_travel(deployment):
        return ""
    context = {"row": deployment, "project": deployment.project}
    return render_to_string("evaluation/evidence.html", context, request=request)
