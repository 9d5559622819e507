"""The end of a project: archived, it rests and can be opened again; one in which nothing happened can be deleted."""

from collections import Counter
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError
from labeling.access import Right, require
from labeling.models import Project, TaskSpec
from labeling.querysets import COUNT_CAP, capped_count
from labeling.services import events
from labeling.services.tokens import tokens_in, unbind


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


def held_by(project: Project) -> tuple[list[str], list[str]]:
    """What hangs on a project, such as "3 labels", the most first: its set-up, which goes with it, and what happened in
    it, which nobody deletes. Of many rows it says "more than"."""
    setup, history = Counter[str](), Counter[str]()
    for relation in _relations():
        count = capped_count(_rows_of(relation, project))
        if count:
            name = relation.related_model._meta
            counts = setup if getattr(relation.related_model, "is_setup", False) else history
            counts[str(name.verbose_name if count == 1 else name.verbose_name_plural)] += count
    return _said(setup), _said(history)


def _said(counts: Counter[str]) -> list[str]:
    return [
        f"more than {COUNT_CAP:,} {name}" if count > COUNT_CAP else f"{count:,} {name}"
        for name, count in counts.most_common()
    ]


@transaction.atomic
def delete_project(actor: Actor, project: Project) -> None:
    """Delete a project in which nothing happened, with its set-up; the events of it stay.

    Raises `PermissionDenied`, and `ConflictError` where there is something that versions, reports and other people's
    work rest on: such a project is archived.
    """
    require(actor, project, Right.MANAGE, also_archived=True)
    Project.objects.select_for_update().get(pk=project.pk)
    _, history = held_by(project)
    if history:
        said = ", ".join(history[:4])
        raise ConflictError(f"{project} holds {said}: what was decided is never deleted. Archive it instead.")
    for token in tokens_in(project):
        unbind(actor, project, token)
    events.record(actor, "project.removed", project, before={"key": project.key})
    # Frozen tasks protect their project from being deleted by mistake; nothing points to these.
    TaskSpec.objects.filter(project=project).delete()
    project.delete()


def _relations() -> list[Any]:
    return [each for each in Project._meta.related_objects if not each.many_to_many]


def _rows_of(relation: Any, project: Project) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = relation.related_model._default_manager.filter(**{relation.field.name: project})
    return rows
