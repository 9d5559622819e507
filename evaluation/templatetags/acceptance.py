"""The banner of certificates that their audit has broken, on every page of a project; percentages."""

from typing import Any

from django import template

from evaluation.models import Certificate
from labeling.models import Project

register = template.Library()


@register.inclusion_tag("evaluation/partials/broken.html")
def acceptance_banner(project: Project, rights: set[str], csrf_token: str) -> dict[str, Any]:
    """What waits for a decision, with the two that there are for those who manage the project."""
    rows = Certificate.objects.undecided().filter(project=project).select_related("version__project")
    return {"project": project, "rows": list(rows), "manages": "manage" in rights, "csrf_token": csrf_token}


@register.filter
def percent(share: float | None, digits: int = 0) -> str:
    """A measured share, such as `84 %`; empty of nothing."""
    return "" if share is None else f"{100 * share:.{digits}f} %"


@register.filter
def set_percent(share: float) -> str:
    """A share that somebody set, such as `2.5 %`."""
    return f"{100 * share:.5g} %"
