"""Create and change projects; what is asked is frozen each time it changes (see `specs`)."""

from collections.abc import Iterable
from copy import copy
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from common import actor as actors
from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling import keys, signals
from labeling.access import WHO_MAKES_PROJECTS, Right, may_make_projects, require, user_behind
from labeling.models import Membership, Project, Role
from labeling.services import events
from labeling.services.labels import LabelInput, set_labels
from labeling.services.specs import freeze_spec

_FIXED = {"key", "kind", "id", "uid"}


@transaction.atomic
def create_project(
    actor: Actor,
    *,
    key: str,
    name: str,
    kind: str,
    instruction: str,
    labels: Iterable[LabelInput] = (),
    **fields: Any,
) -> Project:
    """Make a project with its labels and first spec; who makes it becomes its manager.

    `access.may_make_projects` says who can do it. Raises `ConflictError` for a key in use and
    `ProblemError` where the key is none, or labels and kind do not fit.
    """
    if not may_make_projects(actor):
        raise PermissionDenied(WHO_MAKES_PROJECTS)
    if not keys.is_key(key):
        raise ProblemError(keys.RULE)
    try:
        with transaction.atomic():
            project = Project.objects.create(key=key, name=name, kind=kind, instruction=instruction, **fields)
    except IntegrityError as error:
        if not Project.objects.filter(key__iexact=key).exists():
            raise ProblemError("The shares of train, validation and test must add up to 100.") from error
        raise ConflictError(keys.TAKEN) from error
    set_labels(project, labels)
    spec = freeze_spec(actor, project)
    events.record(actor, "project.created", project, after={"spec": spec.number, "labels": len(spec.labels)})
    user = user_behind(actor)
    if user is not None and not user.is_superuser:
        Membership.objects.get_or_create(project=project, user=user, defaults={"role": Role.MANAGER})
    signals.project_created.send(sender=Project, project=project, actor=actor)
    return project


@transaction.atomic
def update_project(actor: Actor, project: Project, *, leave_out: bool = False, **changes: Any) -> Project:
    """Change a project, and freeze a new spec if what is asked changed. `labels` replaces the labels (`set_labels`).

    Key and kind never change: what points to the project would lose its meaning. Raises `ProblemError`, and
    `AnswersLostError` where approved answers would no longer fit, unless they may be left out.
    """
    # An archived project is opened again by the same form.
    require(actor, project, Right.MANAGE, also_archived=True)
    fixed = sorted(_FIXED & set(changes))
    if fixed:
        raise ProblemError(f"{' and '.join(fixed)} of a project cannot be changed; create another project.")
    # Somebody else may have changed it since the caller read it.
    project.refresh_from_db(from_queryset=Project.objects.select_for_update(no_key=True))
    fields = sorted(changes)
    labels = changes.pop("labels", None)
    for name, value in changes.items():
        setattr(project, name, value)
    if changes:
        _check_shares(project)
        project.save(update_fields=list(changes))
    if labels is not None:
        set_labels(project, labels)
    spec = freeze_spec(actor, project, leave_out=leave_out)
    events.record(actor, "project.changed", project, after={"fields": fields, "spec": spec.number})
    return project


def _check_shares(project: Project) -> None:
    if sum(project.shares) != 100:
        raise ProblemError("The shares of train, validation and test must add up to 100.")


def try_task(project: Project, labels: Iterable[LabelInput], *, leave_out: bool = False) -> None:
    """Raise what saving `project`, as it is in memory, with these labels would raise; nothing is kept.

    A form asks this before it saves. Raises `ProblemError`, `AnswersLostError`.
    """
    with transaction.atomic():
        if project.pk is None:
            project = copy(project)
        project.save()
        set_labels(project, labels)
        freeze_spec(actors.system("trial"), project, leave_out=leave_out)
        transaction.set_rollback(True)
