"""What this floor says on pages of the floors below."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from deployment.models import Deployment
from evaluation.diagram import diagram_of
from evaluation.gains import gains_of
from evaluation.models import OrderComparison
from evaluation.queries import results_of
from evaluation.scorers import scorer_of
from evaluation.services.bundles import can_travel
from evaluation.services.certificates import newest_calibration
from evaluation.services.order_comparison import CASES, LABELS, cases_of, sides_of
from labeling.models import Project, Sample, Split
from training.methods import HEAD
from training.models import ModelVersion

SHOWN = 10
GAINS = 5


def sample_panel(request: HttpRequest, sample: Sample) -> str:
    """What versions answered to a test sample in benchmarks; nothing while its experts are to answer blind."""
    shows = sample.split == Split.TEST and not sample.is_blind
    results = list(results_of(sample, SHOWN)) if shows else []
    if not results:
        return ""
    return render_to_string("evaluation/panel.html", {"results": results, "project": sample.project}, request=request)


def confidence_panel(request: HttpRequest, version: ModelVersion) -> str:
    """What a version's confidence is worth: the reliability diagram, or what it waits for."""
    row = newest_calibration(version)
    bins = row.figures.get("bins", []) if row else []
    context = {"calibration": row, "diagram": diagram_of(bins) if bins else None, "project": version.project}
    return render_to_string("evaluation/confidence.html", context, request=request)


def order_panel(request: HttpRequest, project: Project) -> str:
    """What the order of review is worth in a project, or what it waits for."""
    if HEAD.obstacle(project):
        return ""
    row = OrderComparison.objects.filter(project=project).first()
    context: dict[str, Any] = {"row": row, "wanted_labels": LABELS, "wanted_cases": CASES}
    if row is None:
        context |= {"labels": sides_of(project).labels, "cases": cases_of(project)}
    else:
        context |= {name: f"{getattr(row, name):+.3f}" for name in ("difference", "low", "high")}
        context["title"] = scorer_of(project.spec.to_spec()).title
    return render_to_string("evaluation/order_panel.html", context, request=request)


def evidence_panel(request: HttpRequest, deployment: Deployment) -> str:
    """The evidence of a promotion, to take along."""
    if not can_travel(deployment):
        return ""
    context = {"row": deployment, "project": deployment.project}
    return render_to_string("evaluation/evidence.html", context, request=request)


def gains_panel(request: HttpRequest, project: Project) -> str:
    """What the answers of the experts gained: the versions that went live, each against what it was held against."""
    history = gains_of(project)
    context = {"rows": history.rows[:GAINS], "told": history.sentence, "project": project}
    return render_to_string("evaluation/gained.html", context, request=request) if history.rows else ""
