"""The banner of what waits for a decision, on every page of a project."""

from typing import Any

from django import template

from deployment.models import Finding
from deployment.monitoring.findings import open_findings
from labeling.models import Project

register = template.Library()
_OFFERS = {
    Finding.Kind.ALIAS: (("adopt", "Adopt"), ("restore", "Restore")),
    Finding.Kind.TAG_GONE: (("restore", "Stage it again"),),
    Finding.Kind.CONTENT: (("restore", "Replace it by what was staged"),),
    Finding.Kind.BROKEN: (("restore", "Stage it again"),),
    Finding.Kind.WORSE: (("restore", "Roll back"),),
}


@register.inclusion_tag("deployment/monitoring/partials/findings.html")
def findings_banner(project: Project, rights: set[str], csrf_token: str) -> dict[str, Any]:
    """Open findings with what can be done about each by those who operate the project."""
    rows = [(row, _OFFERS.get(Finding.Kind(row.kind), ())) for row in open_findings(project)[:5]]
    return {"project": project, "findings": rows, "operates": "operate" in rights, "csrf_token": csrf_token}
