"""Who may do what where: the one door to projects and everything in them.

Every view, API endpoint and admin query goes through it. Administrators (active superusers) may do everything.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404

from labeling.models import ApiToken, Membership, Project, Role, Scope, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest


class Right(StrEnum):
    """What a person or a token may do in a project."""

    VIEW = "view"
    REVIEW = "review"
    PREDICT = "predict"
    FEEDBACK = "feedback"
    IMPORT = "import"
    OPERATE = "operate"
    MANAGE = "manage"


_EXPERT = {Right.VIEW, Right.REVIEW, Right.PREDICT, Right.FEEDBACK}
_OPERATOR = {Right.VIEW, Right.PREDICT, Right.FEEDBACK, Right.IMPORT, Right.OPERATE}
ROLE_RIGHTS: dict[str, set[Right]] = {
    Role.EXPERT: _EXPERT,
    Role.OPERATOR: _OPERATOR,
    Role.MANAGER: set(Right),
}
SCOPE_RIGHTS: dict[str, set[Right]] = {
    Scope.READ: {Right.VIEW},
    Scope.PREDICT: {Right.PREDICT},
    Scope.FEEDBACK: {Right.FEEDBACK},
    Scope.IMPORT: {Right.IMPORT},
    Scope.OPERATE: {Right.OPERATE},
    Scope.MANAGE: {Right.MANAGE},
}


def roles_with(right: Right) -> list[str]:
    """The roles that carry a right."""
    return [role for role, rights in ROLE_RIGHTS.items() if right in rights]


def projects_for(user: "User | AnonymousUser", right: Right = Right.VIEW, token: ApiToken | None = None) -> Any:
    """Projects in which `user` (through `token`, where one is used) has `right`. A QuerySet of `Project`."""
    projects = Project.objects.filter(archived_at=None)
    if not user.is_authenticated or not user.is_active:
        return projects.none()
    if token is not None:
        granted = set().union(*(SCOPE_RIGHTS.get(scope, set()) for scope in token.scopes))
        if right not in granted:
            return projects.none()
        projects = projects.filter(tokens=token)
    if user.is_superuser:
        return projects
    held = Membership.objects.filter(user_id=user.pk, role__in=roles_with(right))
    return projects.filter(pk__in=held.values("project_id"))


def project_for(
    user: "User | AnonymousUser", key: str, right: Right = Right.VIEW, token: ApiToken | None = None
) -> Project:
    """The project `key`; 404 where the caller may not even see it, `PermissionDenied` where only `right` is missing."""
    project: Project | None = projects_for(user, right, token).filter(key=key).first()
    if project is not None:
        return project
    visible = [other for other in Right if projects_for(user, other, token).filter(key=key).exists()]
    if visible:
        raise PermissionDenied(f"You may not {right.value} in project {key}. Ask a manager of the project.")
    raise Http404(f"No project {key} is open to you.")


def require(user: "User | AnonymousUser | None", project: Project, right: Right) -> None:
    """Raise `PermissionDenied` unless `user` has `right` in `project`. `None` is the system itself (beat, the gate)."""
    if user is None or projects_for(user, right).filter(pk=project.pk).exists():
        return
    raise PermissionDenied(f"{user} may not {right.value} in project {project.key}. Ask a manager of the project.")


def visible(user: "User | AnonymousUser", queryset: Any, path: str = "project", right: Right = Right.VIEW) -> Any:
    """Only the rows of projects that `user` may see; `path` leads from the row to its project."""
    return queryset.filter(**{f"{path}__in": projects_for(user, right)})


def token_of(request: "HttpRequest") -> ApiToken | None:
    """The API token that a request came with, if any."""
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, ApiToken) else None


def in_project(queryset: models.QuerySet[Any], project: Project) -> models.QuerySet[Any]:
    """Rows of one project; a foreign row can then not be reached by its id."""
    return queryset.filter(project=project)
