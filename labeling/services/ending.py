"""The end of a project: archived, it rests and can be opened again."""

from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from labeling.access import Right, require
from labeling.models import Project
from labeling.services import events


@transaction.atomic
def archive_project(actor: Actor, project: Project) -> bool:
    """Close a project to everybody but its managers: nothing is trained, served or accepted any more, all stays.

    False where it was archived already. Raises `PermissionDenied`.
    """
    require(actor, project, Right.MANAGE, also_archived=True)
    changed = Project.objects.filter(pk=project.pk, archived_at=None).update(archived_at=timezone.now())
    if changed:
        events.record(actor, "project.archived", project)
    return bool(changed)


@transaction.atomic
def reopen_project(actor: Actor, project: Project) -> bool:
    """Open an archived project again, as it was; False where it is open. Raises `PermissionDenied`."""
    require(actor, project, Right.MANAGE, also_archived=True)
    changed = Project.objects.filter(pk=project.pk).exclude(archived_at=None).update(archived_at=None)
    if changed:
        events.record(actor, "project.reopened", project)
    return bool(changed)
