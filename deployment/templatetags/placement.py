"""Why versions stand on no server, for pages that list versions."""

from collections.abc import Iterable
from typing import Any

from django import template

from deployment.artifacts.placement import Reason, nowhere
from labeling.models import Project

register = template.Library()


@register.simple_tag
def reasons_of_runs(project: Project, runs: Iterable[Any]) -> dict[int, Reason]:
    """The reason by id of the run whose version stands nowhere."""
    made = {run.version.pk: run.pk for run in runs if getattr(run, "version", None)}
    versions = [run.version for run in runs if getattr(run, "version", None)]
    return {made[pk]: reason for pk, reason in nowhere(project, versions).items()}


@register.filter
def of(reasons: dict[int, Reason], pk: int) -> Reason | None:
    """The reason that belongs to an id."""
    return reasons.get(pk)
