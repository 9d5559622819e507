"""Create and change projects; what is asked is frozen as a numbered `TaskSpec` each time it changes."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from labeling import signals
from labeling.access import Right, require
from labeling.kinds import SpecError
from labeling.models import Label, Membership, Project, Role, TaskSpec, User
from labeling.problems import ConflictError, ProblemError

LabelInput = str | tuple[str, str]
_FIXED = {"key", "kind", "id", "uid"}


@transaction.atomic
def create_project(
    user: User | None,
    *,
    key: str,
    name: str,
    kind: str,
    instruction: str,
    labels: Iterable[LabelInput] = (),
    **fields: Any,
) -> Project:
    """Make a project with its labels and first spec; `user` becomes its manager (None: the system itself).

    Only administrators and staff who may add projects can do it. Raises `ConflictError` for a key in use and
    `ProblemError` where the labels and the kind do not fit.
    """
    if user is not None and not user.has_perm("labeling.add_project"):
        raise PermissionDenied("Only administrators may create projects. Ask one of them.")
    try:
        with transaction.atomic():
            project = Project.objects.create(key=key, name=name, kind=kind, instruction=instruction, **fields)
    except IntegrityError as error:
        if not Project.objects.filter(key=key).exists():
            raise ProblemError("The shares of train, validation and test must add up to 100.") from error
        raise ConflictError(f"A project {key} is there already. Choose another key.") from error
    replace_labels(project, labels)
    return open_project(user, project)


@transaction.atomic
def open_project(user: User | None, project: Project) -> Project:
    """Give a project that was just made its first spec, and make its maker the manager."""
    freeze_spec(project)
    if user is not None and not user.is_superuser:
        Membership.objects.get_or_create(project=project, user=user, defaults={"role": Role.MANAGER})
    signals.project_created.send(sender=Project, project=project)
    return project


@transaction.atomic
def update_project(user: User | None, project: Project, **changes: Any) -> Project:
    """Change a project, and freeze a new spec if what is asked changed. `labels` replaces the labels.

    Key and kind never change: what points to the project would lose its meaning. Raises `ProblemError`.
    """
    require(user, project, Right.MANAGE)
    fixed = sorted(_FIXED & set(changes))
    if fixed:
        raise ProblemError(f"{' and '.join(fixed)} of a project cannot be changed; create another project.")
    labels = changes.pop("labels", None)
    for name, value in changes.items():
        setattr(project, name, value)
    if changes:
        project.save(update_fields=list(changes))
    if labels is not None:
        replace_labels(project, labels)
    freeze_spec(project)
    return project


def replace_labels(project: Project, labels: Iterable[LabelInput]) -> None:
    """Give the project exactly these labels, in this order; those that stay keep their rows."""
    wanted = [(label, "") if isinstance(label, str) else label for label in labels]
    names = [name for name, _ in wanted]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ProblemError(f"The label {twice!r} is there twice; keep one.")
    project.labels.exclude(name__in=names).delete()
    for position, (name, description) in enumerate(wanted):
        Label.objects.update_or_create(
            project=project, name=name, defaults={"position": position, "description": description}
        )


@transaction.atomic
def freeze_spec(project: Project) -> TaskSpec:
    """The spec of what the project asks now: the newest one where nothing changed, else a new, numbered one.

    Raises `ProblemError` where the project contradicts itself (no labels for a label kind, for one).
    """
    # The lock makes two saves at once number their specs one after the other.
    Project.objects.select_for_update().get(pk=project.pk)
    asked = {
        "kind": project.kind,
        "instruction": project.instruction,
        "labels": list(project.labels.values("name", "description")),
        "max_labels": project.max_labels,
        "prompt_template": project.prompt_template,
        "decoding": project.decoding,
    }
    newest: TaskSpec | None = project.specs.order_by("-number").first()
    if newest is not None and all(getattr(newest, name) == value for name, value in asked.items()):
        return newest
    spec = TaskSpec(project=project, number=newest.number + 1 if newest else 1, **asked)
    try:
        spec.to_spec()
    except SpecError as error:
        raise ProblemError(str(error)) from error
    spec.save()
    if newest is not None:
        transaction.on_commit(
            lambda: signals.spec_frozen.send_robust(sender=TaskSpec, project_id=project.pk, spec_id=spec.pk)
        )
    return spec
