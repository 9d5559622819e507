"""Write down how people are to decide. Each change is a new version; none is ever edited."""

from django.db import transaction

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from common.text import plain_lines, storable
from labeling.access import Right, require
from labeling.models import Guideline, Project
from labeling.services import events

MAX_GUIDELINE = 20_000


def guideline_of(project: Project) -> Guideline | None:
    """The version in force; None where nobody ever wrote one."""
    return project.guidelines.select_related("author").order_by("-number").first()


@transaction.atomic
def write_guideline(actor: Actor, project: Project, text: str, *, after: int | None = None) -> Guideline:
    """Put a new version in force; an empty text takes the guideline away. Unchanged, it is no new version.

    `after` is the number of the version that was edited (0: none), where the writer saw one. Raises
    `PermissionDenied`, `ProblemError` where it is too long, `ConflictError` where somebody else wrote one since.
    """
    require(actor, project, Right.MANAGE)
    text = plain_lines(storable(text)).strip()
    if len(text) > MAX_GUIDELINE:
        raise ProblemError(
            f"The guideline has {len(text):,} characters; at most {MAX_GUIDELINE:,} are read by people. Shorten it."
        )
    # One after the other: their numbers have no gap, and nobody writes over what they did not read.
    Project.objects.select_for_update().get(pk=project.pk)
    newest = guideline_of(project)
    number = newest.number if newest else 0
    if newest is not None and newest.text == text:
        return newest
    if after is not None and after != number:
        who = newest.author if newest and newest.author else "Somebody"
        raise ConflictError(
            f"Not saved: {who} wrote version {number} since you began. What you wrote is still here: look at version "
            f"{number} below, bring both together, and save once more."
        )
    row = Guideline.objects.create(project=project, number=number + 1, text=text, author_id=actor.user_id)
    events.record(
        actor, "guideline.written", row, project=project, before={"number": number}, after={"number": row.number}
    )
    return row
