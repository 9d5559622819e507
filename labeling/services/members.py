"""Who has which role in a project."""

from django.db import transaction

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, require, user_behind
from labeling.models import Membership, Project, Role, User
from labeling.services import events


@transaction.atomic
def set_role(actor: Actor, project: Project, username: str, role: str) -> Membership:
    """Give a person a role in the project, instead of the one they had. Raises `ProblemError`."""
    require(actor, project, Right.MANAGE)
    if role not in Role.values:
        raise ProblemError(f"Unknown role {role!r}; choose one of {', '.join(Role.values)}.")
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise ProblemError(f"There is no active user {username!r}. An administrator makes one under Admin, Users.")
    if role != Role.MANAGER:
        _keep_a_manager(actor, project, person)
    was = Membership.objects.filter(project=project, user=person).values_list("role", flat=True).first()
    membership, _ = Membership.objects.update_or_create(project=project, user=person, defaults={"role": role})
    after = {"user": person.uid, "role": role}
    events.record(actor, "member.set", membership, before={"role": was}, after=after)
    return membership


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
    managers = project.memberships.select_for_update().filter(role=Role.MANAGER).values_list("user_id", flat=True)
    user = user_behind(actor)
    overruled = user is None or user.is_superuser
    if set(managers) == {leaving.pk} and not overruled:
        raise ConflictError("A project keeps at least one manager. Make somebody else a manager first.")
