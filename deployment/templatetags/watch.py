"""The watch over a promotion, on its page."""

from typing import Any

from django import template

from deployment.models import Deployment
from deployment.monitoring.watch import watch_of

register = template.Library()


@register.inclusion_tag("deployment/monitoring/partials/watch.html")
def watch_table(deployment: Deployment) -> dict[str, Any]:
    """Each signal with its figures and what is said of it; nothing where nothing is held against anything."""
    return {"watch": watch_of(deployment)}
