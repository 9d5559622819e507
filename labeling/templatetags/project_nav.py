"""`{% project_nav project rights section %}`: all pages of a project that one may open."""

from collections.abc import Collection
from typing import Any

from django import template

from labeling import navigation
from labeling.models import Project

register = template.Library()


@register.inclusion_tag("labeling/partials/navigation.html")
def project_nav(project: Project, rights: Collection[str] = (), section: str = "") -> dict[str, Any]:
    """The groups of pages, and the one that is open."""
    return {
        "project": project,
        "groups": navigation.entries(project.key, rights or ()),
        "section": section,
        "current": navigation.title_of(section or ""),
    }
