"""Who has which role in a project."""

from django.db import transaction

from labeling.access import Right, require
from labeling.models import Membership, Project, Role, User
from labeling.problems import ConflictError, ProblemError


@transaction.atomic
def set_role(user: User | None, project: Project, username: str, role: str) -> Membership:
    """Give a person a role in the project, instead of the one they had. Raises `ProblemError`."""
    require(user, project, Right.MANAGE)
    if role not in Role.values:
        raise ProblemError(f"Unknown role {role!r}; choose one of {', '.join(Role.values)}.")
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise ProblemError(f"There is no active user {username!r}. An administrator makes one under Admin, Users.")
    if role != Role.MANAGER:
        _keep_a_manager(user, project, person)
    membership, _ = Membership.objects.update_or_create(project=project, user=person, defaults={"role": role})
    return membership


@transaction.atomic
def remove_member(user: User | None, project: Project, membership: Membership) -> None:
    """Take a person's role away. Raises `ConflictError` for the last manager."""
    require(user, project, Right.MANAGE)
    if membership.project_id != project.pk:
        raise ProblemError("This membership belongs to another project.")
    _keep_a_manager(user, project, membership.user)
    membership.delete()


def _keep_a_manager(user: User | None, project: Project, leaving: User) -> None:
    # Locked, or two managers could remove each other at once.
    managers = project.memberships.select_for_update().filter(role=Role.MANAGER).values_list("user_id", flat=True)
    overruled = user is None or user.is_superuser
    if set(managers) == {leaving.pk} and not overruled:
        raise ConflictError("A project keeps at least one manager. Make somebody else a manager first.")
