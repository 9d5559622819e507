"""Who has which role in a project."""

from datetime import date

from django.db import transaction
from django.db.models import Q

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, require, user_behind
from labeling.models import Membership, Project, Role, User
from labeling.services import events
from labeling.services.invitations import require_role, require_to_come

LEAST_TYPED, MOST_FOUND = 2, 10


@transaction.atomic
def set_role(actor: Actor, project: Project, username: str, role: str, *, ends_on: date | None = None) -> Membership:
    """Give a person a role in the project, instead of the one they had; `ends_on` is its last day, None: no end.

    Raises `ProblemError`.
    """
    require(actor, project, Right.MANAGE)
    require_role(role)
    require_to_come(ends_on)
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise ProblemError(
            f"There is no active user {username!r}. Choose a name of the list, or invite somebody new by a link."
        )
    if role != Role.MANAGER or ends_on is not None:
        _keep_a_manager(actor, project, person)
    was = Membership.objects.filter(project=project, user=person).values_list("role", "ends_on").first()
    given = {"role": role, "ends_on": ends_on}
    membership, _ = Membership.objects.update_or_create(project=project, user=person, defaults=given)
    before = {"role": was[0], "ends_on": was[1]} if was else {"role": None}
    events.record(actor, "member.set", membership, before=before, after={"user": person.uid, **given})
    return membership


def people_named(actor: Actor, project: Project, words: str) -> list[User]:
    """People who are no members yet, and whose user name or name begins with `words`: `MOST_FOUND` at most.

    Of fewer than `LEAST_TYPED` characters nobody is told: a manager finds whom they know, and gets no list of all.
    """
    require(actor, project, Right.MANAGE)
    if len(words) < LEAST_TYPED:
        return []
    named = Q(username__istartswith=words) | Q(first_name__istartswith=words) | Q(last_name__istartswith=words)
    here = Membership.objects.in_force().filter(project=project)
    people = User.objects.filter(named, is_active=True).exclude(pk__in=here.values("user"))
    return list(people.order_by("username")[:MOST_FOUND])


@transaction.atomic
def remove_member(actor: Actor, project: Project, membership: Membership) -> None:
    """Take a person's role away. Raises `ConflictError` for the last manager."""
    require(actor, project, Right.MANAGE)
    if membership.project_id != project.pk:
        raise ProblemError("This membership belongs to another project.")
    _keep_a_manager(actor, project, membership.user)
    events.record(actor, "member.removed", membership, before={"user": membership.user.uid, "role": membership.role})
    membership.delete()


def _keep_a_manager(actor: Actor, project: Project, leaving: User) -> None:
    # Locked, or two managers could remove each other at once.
    rows = project.memberships.select_for_update().filter(role=Role.MANAGER, ends_on=None)
    managers = rows.values_list("user_id", flat=True)
    user = user_behind(actor)
    overruled = user is None or user.is_superuser
    if set(managers) == {leaving.pk} and not overruled:
        raise ConflictError(
            "A project keeps at least one manager without a last day. Make somebody else a manager first."
        )
