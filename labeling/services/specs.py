"""Freeze what a project asks: a numbered `TaskSpec` each time it changes."""

import json
from collections import Counter

from django.db import transaction

from common.actor import Actor
from common.options import OptionsError
from common.problems import ConflictError, ProblemError
from labeling.decoding import checked_decoding
from labeling.kinds import Spec, SpecError
from labeling.models import Project, TaskSpec
from labeling.models.projects import today
from labeling.services import events
from labeling.services.fitting import answers_lost, reasons


class AnswersLostError(ConflictError):
    """A change would leave approved answers out; `lost` counts them by reason."""

    def __init__(self, lost: Counter[str]) -> None:
        self.lost = lost
        total = sum(lost.values())
        super().__init__(
            f"{total} approved answer{'s' if total > 1 else ''} would no longer count: {reasons(lost)}. "
            "Rename or merge the label instead, or say that they may be left out."
        )


@transaction.atomic
def freeze_spec(actor: Actor, project: Project, *, leave_out: bool = False) -> TaskSpec:
    """The spec of what the project asks now: the newest one where nothing changed, else a new, numbered one.

    Raises `ProblemError` where the project contradicts itself (no labels for a label kind, for one), and
    `AnswersLostError` where approved answers fit the newest spec and not the new one, unless they may be left out.
    """
    # The lock makes two saves at once number their specs one after the other. What is frozen is what is kept: the
    # caller may have read the project before somebody else changed it.
    project = Project.objects.select_for_update().get(pk=project.pk)
    newest: TaskSpec | None = project.specs.order_by("-number").first()
    asked = {
        "kind": project.kind,
        "instruction": project.instruction,
        "labels": _frozen_labels(project),
        "max_labels": project.max_labels,
        "prompt_template": project.prompt_template,
        "schema": project.schema,
        "decoding": _decoding(project),
        "thinking": project.thinking,
        "lists_labels": project.lists_labels,
        "date": newest.date if newest else today(),
    }
    is_same = newest is not None and all(getattr(newest, name) == value for name, value in asked.items())
    # Two schemas may differ by the order of their keys alone.
    if newest is not None and is_same and json.dumps(newest.schema) == json.dumps(project.schema):
        return newest
    spec = TaskSpec(project=project, number=newest.number + 1 if newest else 1, **asked)
    plain = _plain(spec)
    if newest is not None:
        lost = answers_lost(project, newest.to_spec(), plain)
        if lost and not leave_out:
            raise AnswersLostError(lost)
    spec.save()
    before = {"number": newest.number} if newest else {}
    events.record(actor, "spec.frozen", spec, before=before, after={"number": spec.number, "labels": len(spec.labels)})
    return spec


def _frozen_labels(project: Project) -> list[dict[str, object]]:
    return [
        {"id": str(label.uid), "name": label.name, "description": label.description, "merged": label.merged}
        for label in project.labels.all()
    ]


def _decoding(project: Project) -> dict[str, object]:
    try:
        return checked_decoding(project.decoding)
    except OptionsError as error:
        raise ProblemError(f"The decoding cannot be used. {error}") from error


def _plain(spec: TaskSpec) -> Spec:
    try:
        return spec.to_spec()
    except SpecError as error:
        raise ProblemError(str(error)) from error
