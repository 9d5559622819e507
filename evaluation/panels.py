"""What this floor says on pages of the floors below."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from evaluation.queries import results_of
from labeling.models import Sample, Split

SHOWN = 10


def sample_panel(request: HttpRequest, sample: Sample) -> str:
    """What versions answered to a test sample in benchmarks; nothing while its experts are to answer blind."""
    shows = sample.split == Split.TEST and not sample.is_blind
    results = list(results_of(sample, SHOWN)) if shows else []
    if not results:
        return ""
    return render_to_string("evaluation/panel.html", {"results": results, "project": sample.project}, request=request)
