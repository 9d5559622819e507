"""Rights in templates: show a door only to those whom it lets in."""

from django import template

from labeling.access import Right, projects_for
from labeling.models import Project, User

register = template.Library()


@register.filter
def may_review(user: User, project: Project) -> bool:
    """May the user review in the project?"""
    return bool(projects_for(user, Right.REVIEW).filter(pk=project.pk).exists())
