"""Change the labels of a project. A label's row is its identity: renaming it takes no answer away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from labeling.access import Right, require
from labeling.kinds import MAX_LABELS, fold
from labeling.models import Colour, Label, Project
from labeling.services import events
from labeling.services.specs import freeze_spec


@dataclass(frozen=True)
class NewLabel:
    """One label of a list that a project is to have; `uid` names the label that is meant, under whatever name."""

    name: str
    description: str = ""
    uid: UUID | None = None


_MOST_CHARACTERS = {name: getattr(Label._meta.get_field(name), "max_length", 0) for name in ("name", "description")}
LabelInput = str | tuple[str, str] | NewLabel


def parse_labels(text: str) -> list[NewLabel]:
    """Labels that a person typed or pasted: one a line, the description after a tab or ` | `, empty lines are none."""
    lines = (line.strip(" \r") for line in text.split("\n"))
    return [_parse_line(line) for line in lines if line.strip()]


def _parse_line(line: str) -> NewLabel:
    name, _, description = line.partition("\t" if "\t" in line else " | ")
    return NewLabel(name.strip(), description.strip())


def labels_as_text(labels: Iterable[Label]) -> str:
    """The labels as `parse_labels` reads them."""
    return "\n".join(_as_line(label) for label in labels)


def _as_line(label: Label) -> str:
    if " | " in label.name:
        return f"{label.name}\t{label.description}"
    return f"{label.name} | {label.description}" if label.description else label.name


def set_labels(project: Project, labels: Iterable[LabelInput]) -> None:
    """Give the project exactly these labels, in this order. Call it in a transaction; freeze the spec afterwards.

    A name that is there, or was there before, is the same label; so is one that differs from a label only by case,
    spaces, hyphens or underscores. Everything else is new. Raises `ProblemError`.
    """
    wanted = [_as_new(label) for label in labels]
    check_labels(wanted)
    rows = _resolved(project, wanted)
    project.labels.exclude(pk__in=[row.pk for row in rows if row.pk]).delete()
    known = [row for row in rows if row.pk]
    Label.objects.bulk_update(known, ["name", "description", "position"], batch_size=500)
    Label.objects.bulk_create([row for row in rows if not row.pk], batch_size=500)


@transaction.atomic
def replace_labels(actor: Actor, project: Project, labels: Iterable[LabelInput], *, leave_out: bool = False) -> None:
    """Give the project exactly these labels (see `set_labels`), and freeze what it asks now.

    Raises `AnswersLostError` where approved answers would no longer fit, unless they may be left out.
    """
    _open(actor, project)
    set_labels(project, labels)
    spec = freeze_spec(actor, project, leave_out=leave_out)
    events.record(actor, "labels.replaced", project, after={"labels": len(spec.labels), "spec": spec.number})


@transaction.atomic
def change_label(
    actor: Actor, label: Label, *, name: str | None = None, description: str | None = None, colour: str | None = None
) -> Label:
    """Rename, describe or colour a label; every answer that uses it goes with it. The colour is no part of the task.

    Raises `ProblemError` for a name in use, and for a colour that is none.
    """
    project = label.project
    _open(actor, project)
    label.name = label.name if name is None else name.strip()
    label.description = label.description if description is None else description.strip()
    label.colour = label.colour if colour is None else colour
    check_labels([NewLabel(label.name, label.description)])
    if label.colour not in Colour.values:
        raise ProblemError(f"There is no colour {label.colour[:40]!r}; choose one of {', '.join(Colour.values[1:])}.")
    if project.labels.filter(name=label.name).exclude(pk=label.pk).exists():
        raise ProblemError(f"There is a label {label.name!r} already. To make the two one, merge them.")
    label.save(update_fields=["name", "description", "colour"])
    spec = freeze_spec(actor, project)
    events.record(actor, "label.changed", label, after={"spec": spec.number})
    return label


@transaction.atomic
def merge_label(actor: Actor, label: Label, into: Label) -> Label:
    """Make `label` a part of `into`: answers that use it use `into` from now on. Raises `ProblemError`."""
    project = label.project
    _open(actor, project)
    if into.project_id != project.pk or into.pk == label.pk:
        raise ProblemError("A label can be merged only into another label of the same project.")
    into.merged = [*into.merged, str(label.uid), *label.merged]
    into.save(update_fields=["merged"])
    gone = label.uid
    label.delete()
    spec = freeze_spec(actor, project)
    events.record(actor, "label.merged", into, before={"label": gone}, after={"label": into.uid, "spec": spec.number})
    return into


@transaction.atomic
def remove_label(actor: Actor, label: Label, *, leave_out: bool = False) -> None:
    """Take a label away. Raises `AnswersLostError` where approved answers use it, unless they may be left out."""
    project = label.project
    _open(actor, project)
    label.delete()
    spec = freeze_spec(actor, project, leave_out=leave_out)
    events.record(actor, "label.removed", label, after={"spec": spec.number})


def _open(actor: Actor, project: Project) -> None:
    require(actor, project, Right.MANAGE)
    # One change of a project's labels after the other: what was checked still holds when it is written.
    Project.objects.select_for_update().get(pk=project.pk)


def _as_new(label: LabelInput) -> NewLabel:
    if isinstance(label, NewLabel):
        return label
    return NewLabel(label) if isinstance(label, str) else NewLabel(*label)


def new_labels(rows: Iterable[Mapping[str, Any]]) -> list[NewLabel]:
    """Labels as the API has them, each with `name`, `description` and, where it is a known one, `uid`."""
    return [NewLabel(row["name"], row["description"], row["uid"]) for row in rows]


def check_labels(wanted: list[NewLabel]) -> None:
    """Raise `ProblemError` where these cannot be the labels of one project: too many, too long, or twice there."""
    if len(wanted) > MAX_LABELS:
        raise ProblemError(f"{len(wanted)} labels are too many; at most {MAX_LABELS} fit one task.")
    seen: set[str] = set()
    for label in wanted:
        if label.name in seen:
            raise ProblemError(f"The label {label.name!r} is there twice; keep one.")
        seen.add(label.name)
        for name, most in _MOST_CHARACTERS.items():
            if len(getattr(label, name)) > most:
                raise ProblemError(f"The {name} of {label.name[:40]!r} has more than {most} characters; shorten it.")


def _resolved(project: Project, wanted: list[NewLabel]) -> list[Label]:
    """The row of each label: one that the project has, else a new one, with the identity that its name had before."""
    there = list(project.labels.all())
    by_uid, by_name = {row.uid: row for row in there}, {row.name: row for row in there}
    taken: set[UUID] = set()
    found: list[Label | None] = []
    for label in wanted:
        if label.uid is not None and label.uid not in by_uid:
            raise ProblemError(f"There is no label {label.uid} in this project; leave the uid of a new label out.")
        row = by_uid[label.uid] if label.uid is not None else by_name.get(label.name)
        if row is not None and row.uid in taken:
            raise ProblemError(f"{label.name!r} and another entry mean the same label; keep one.")
        taken |= {row.uid} if row else set()
        found.append(row)
    left = {fold(row.name): row for row in there if row.uid not in taken}
    former = _former_identities(project, by_uid) if None in found else {}
    rows = []
    for position, (label, row) in enumerate(zip(wanted, found, strict=True)):
        row = row or left.pop(fold(label.name), None) or _new_row(project, former.pop(label.name, None))
        row.name, row.description, row.position = label.name, label.description, position
        rows.append(row)
    return rows


def _new_row(project: Project, uid: UUID | None) -> Label:
    return Label(project=project) if uid is None else Label(project=project, uid=uid)


def _former_identities(project: Project, in_use: dict[UUID, Label]) -> dict[str, UUID]:
    """The identities of labels that were removed, by the name they last had."""
    merged = {uid for label in in_use.values() for uid in label.merged}
    former: dict[str, UUID] = {}
    for labels in project.specs.order_by("number").values_list("labels", flat=True).iterator():
        former |= {row["name"]: UUID(row["id"]) for row in labels if row.get("id") and row["id"] not in merged}
    return {name: uid for name, uid in former.items() if uid not in in_use}
