"""Rows that a person edits as a whole, such as policies and profiles: checked, and kept with an event of the fields."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction

from common.actor import Actor
from common.problems import ProblemError
from labeling.access import Right, has_permission, require
from labeling.models import Project
from labeling.services import events

_Row = TypeVar("_Row", bound=models.Model)
# What people of a project besides its managers may edit, by the noun of the row.
_RIGHTS = {"retrain_policy": Right.OPERATE, "retrain_method": Right.OPERATE, "version_pin": Right.OPERATE}


def right_over(model: type[models.Model]) -> Right:
    """The right in a project that editing its row of this kind takes."""
    return _RIGHTS.get(events.noun_of(model), Right.MANAGE)


@transaction.atomic
def save_row(actor: Actor, row: models.Model, fields: Iterable[str] = ()) -> None:
    """Keep a row, new or changed; `fields` are the names of what was changed.

    Rows of a project take a right there, in the project that they belonged to as well; rows of the installation a
    permission. Raises `PermissionDenied`, and `ProblemError` with what is wrong in the fields.
    """
    is_new = row._state.adding
    _require(actor, row, "add" if is_new else "change")
    if not is_new:
        _require(actor, type(row)._default_manager.get(pk=row.pk), "change")
    _check(row)
    row.save()
    events.record(
        actor, f"{events.noun_of(row)}.{'created' if is_new else 'changed'}", row, after={"fields": sorted(fields)}
    )


@transaction.atomic
def set_row(actor: Actor, model: type[_Row], values: dict[str, Any], **key: Any) -> _Row:
    """The row that `key` names, with these values, made where it is missing. Raises as `save_row`."""
    row = model._default_manager.select_for_update(of=("self",)).filter(**key).first() or model(**key)
    for name, value in values.items():
        setattr(row, name, value)
    save_row(actor, row, values)
    return row


@transaction.atomic
def delete_row(actor: Actor, row: models.Model) -> None:
    """Remove a row; the event stays. Raises `PermissionDenied`."""
    _require(actor, row, "delete")
    events.record(actor, f"{events.noun_of(row)}.removed", row)
    row.delete()


def _require(actor: Actor, row: models.Model, verb: str) -> None:
    project = getattr(row, "project", None)
    if isinstance(project, Project):
        require(actor, project, right_over(type(row)))
        return
    noun = events.noun_of(row).replace("_", " ")
    if not has_permission(actor, f"{row._meta.app_label}.{verb}_{row._meta.model_name}"):
        raise PermissionDenied(f"{actor} may not {verb} a {noun}. Ask an administrator.")


def _check(row: models.Model) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        said = [f"{name}: {' '.join(why)}" for name, why in error.message_dict.items()]
        raise ProblemError("; ".join(said).replace("__all__: ", "")) from error
