"""Who may do what where: the one door to projects and everything in them.

Every view, API endpoint and admin query goes through it. Administrators (active superusers) may do everything.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Exists
from django.http import Http404

from common import actor as actors
from common.actor import Actor, ActorKind
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
    # Chosen apart from `import`: what such a token answers is approved at once, in its owner's name.
    Scope.REVIEW: {Right.REVIEW},
    Scope.OPERATE: {Right.OPERATE},
    Scope.MANAGE: {Right.MANAGE},
    # A server serves many projects: no right in one, but a permission of the owner (`has_permission`).
    Scope.SERVERS: set(),
}


def roles_with(right: Right) -> list[str]:
    """The roles that carry a right."""
    return [role for role, rights in ROLE_RIGHTS.items() if right in rights]


def projects_for(
    user: "User | AnonymousUser",
    right: Right = Right.VIEW,
    token: ApiToken | None = None,
    *,
    also_archived: bool = False,
) -> Any:
    """Projects in which `user` (through `token`, where one is used) has `right`. A QuerySet of `Project`."""
    projects = Project.objects.all() if also_archived else Project.objects.filter(archived_at=None)
    if not user.is_authenticated or not user.is_active:
        return projects.none()
    if token is not None:
        granted = set().union(*(SCOPE_RIGHTS.get(scope, set()) for scope in token.scopes))
        if right not in granted:
            return projects.none()
        projects = projects.filter(tokens=token)
    if user.is_superuser:
        return projects
    held = Membership.objects.in_force().filter(user_id=user.pk, role__in=roles_with(right))
    return projects.filter(pk__in=held.values("project_id"))


def open_projects(user: "User | AnonymousUser", token: ApiToken | None = None) -> Any:
    """Projects in which `user` has any right at all, by their keys; of a token those that it is bound to.

    A token's scope does not matter: that of the model servers opens none, and yet is of these projects.
    """
    found = Project.objects.none()
    for right in Right:
        found = found | projects_for(user, right)
    if token is not None:
        found = found.filter(tokens=token)
    return found.distinct().order_by("key")


def known_projects(user: "User | AnonymousUser") -> Any:
    """Projects that a person may see, and the archived ones that they may open again. A QuerySet of `Project`."""
    return projects_for(user) | projects_for(user, Right.MANAGE, also_archived=True)


def project_for(
    user: "User | AnonymousUser",
    key: str,
    right: Right = Right.VIEW,
    token: ApiToken | None = None,
    *,
    also_archived: bool = False,
) -> Project:
    """The project `key`; 404 where the caller may not even see it, `PermissionDenied` where only `right` is missing."""

    def open_with(needed: Right) -> Any:
        return projects_for(user, needed, token, also_archived=also_archived).filter(key=key)

    project: Project | None = open_with(right).first()
    if project is not None:
        return project
    if any(open_with(other).exists() for other in Right):
        raise PermissionDenied(f"You may not {right.value} in project {key}. Ask a manager of the project.")
    raise Http404(f"No project {key} is open to you.")


def acting(user: User) -> Actor:
    """A person as the services are told of them."""
    return actors.person(user.pk, user.get_username())


def actor_of(request: "HttpRequest") -> Actor:
    """Who asks: the token that a request came with, else who is logged in."""
    token = token_of(request)
    if token is not None:
        return actors.token(token.pk, token.name, token.owner_id, tuple(token.scopes))
    if not isinstance(request.user, User):
        raise PermissionDenied("Log in first.")
    return acting(request.user)


def user_behind(actor: Actor) -> User | None:
    """The person who acts, or who owns the token that does; None for the system."""
    return User.objects.filter(pk=actor.user_id).first() if actor.user_id is not None else None


def may(actor: Actor, project: Project, right: Right, *, also_archived: bool = False) -> bool:
    """Whether the actor has `right` in a project that is not archived. The system may what its job does."""
    actor = actors.required(actor)
    if actor.is_system:
        return True
    rows = Project.objects.filter(pk=project.pk)
    rows = rows if also_archived else rows.filter(archived_at=None)
    if actor.kind is ActorKind.TOKEN:
        if not any(right in SCOPE_RIGHTS.get(scope, set()) for scope in actor.scopes):
            return False
        rows = rows.filter(tokens=actor.token_id)
    here = Membership.objects.in_force().filter(
        project=project.pk, user=actor.user_id, user__is_active=True, role__in=roles_with(right)
    )
    everywhere = User.objects.filter(pk=actor.person_id, is_active=True, is_superuser=True)
    return rows.filter(Exists(here) | Exists(everywhere)).exists()


def require(actor: Actor, project: Project, right: Right, *, also_archived: bool = False) -> None:
    """Raise `PermissionDenied` unless the actor has `right` in `project`, `TypeError` where there is no actor."""
    if not may(actor, project, right, also_archived=also_archived):
        raise PermissionDenied(f"{actor} may not {right.value} in project {project.key}. Ask a manager of the project.")


def has_permission(actor: Actor, permission: str, scope: str | None = None) -> bool:
    """Whether the actor has a permission over all projects. A token is bound to projects: it needs `scope`, too."""
    actor = actors.required(actor)
    if actor.is_system:
        return True
    if actor.kind is ActorKind.TOKEN and (scope is None or scope not in actor.scopes):
        return False
    user = user_behind(actor)
    return user is not None and user.has_perm(permission)


WHO_MAKES_PROJECTS = (
    "Managers of a project make further ones, and so do administrators and whoever has the permission. Ask one of them."
)


def may_make_projects(actor: Actor) -> bool:
    """Whether the actor may make a project: with the permission, or, where `PROJECT_MAKERS` says so, as a manager.

    A token is bound to projects: it makes none.
    """
    if has_permission(actor, "labeling.add_project"):
        return True
    return actor.kind is ActorKind.PERSON and actor.user_id is not None and makes_projects_as_a_manager(actor.user_id)


def makes_projects_as_a_manager(user_id: int) -> bool:
    """Whether `PROJECT_MAKERS` lets managers make projects, and the person is one."""
    if settings.PROJECT_MAKERS != "managers":
        return False
    roles = Membership.objects.in_force().filter(user=user_id, user__is_active=True, role=Role.MANAGER)
    return roles.filter(project__archived_at=None).exists()


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


def may_have_to_answer_blind(request: "HttpRequest") -> bool:
    """Whether who asks must not see what models say of texts that wait for their blind answer: a person, or a token
    that reviews in its owner's name. Any other belongs to a program, which was given the answer when it asked.
    """
    token = token_of(request)
    return token is None or Scope.REVIEW in token.scopes
