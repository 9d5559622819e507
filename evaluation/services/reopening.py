"""What was accepted goes back to review, page by page and by a worker: there may be a million of it."""

from django.db import transaction
from django.db.models import QuerySet

from common.actor import system
from common.alone import alone
from evaluation.models import Acceptance, Certificate
from labeling.models import Project
from labeling.services import events, reopen_accepted

_REOPENING = system("acceptance")
# Texts that one transaction sends back.
_AT_ONCE = 500


def due() -> list[int]:
    """Ids of the projects where a person has decided so, and the worker is not done."""
    rows = Certificate.objects.filter(reopening=True, project__archived_at=None).order_by()
    return sorted(rows.values_list("project", flat=True).distinct())


def left(project: Project) -> QuerySet[Acceptance]:
    """What is still to go back: accepted, and in force."""
    return Acceptance.objects.filter(
        certificate__project=project, certificate__reopening=True, is_audit=False, golden__retired_at=None
    )


def reopen_due(project_id: int) -> int:
    """Send all of it back; how many texts there were. One caller at a time in a project, the others return at once.

    Where it is cut off, it goes on with what is left.
    """
    with alone(f"reopening of {project_id}") as mine:
        project = Project.objects.filter(pk=project_id).first()
        if not mine or project is None:
            return 0
        certificates = list(Certificate.objects.filter(project=project, reopening=True).select_related("project"))
        total, after = 0, 0
        while page := list(_page(project, after)):
            total += reopen_accepted(_REOPENING, project, [golden for _, golden in page if golden is not None])
            after = page[-1][0]
        _end(certificates)
        return total


@transaction.atomic
def _end(certificates: list[Certificate]) -> None:
    for row in certificates:
        Certificate.objects.filter(pk=row.pk).update(reopening=False)
        events.record(_REOPENING, "certificate.reopened", row)


def _page(project: Project, after: int) -> QuerySet[Acceptance, tuple[int, int | None]]:
    rows = left(project).filter(pk__gt=after).order_by("pk")
    return rows.values_list("pk", "golden")[:_AT_ONCE]
