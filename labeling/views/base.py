"""What the pages share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from common.actor import Actor
from common.problems import ProblemError
from labeling.access import ROLE_RIGHTS, Right, acting, makes_projects_as_a_manager
from labeling.models import Membership, Project, User


def person(request: HttpRequest) -> User:
    """Who is logged in; pages are `login_required`."""
    return cast(User, request.user)


def actor(request: HttpRequest) -> Actor:
    """The same as the services are told."""
    return acting(person(request))


def may_add_projects(user: User) -> bool:
    """Whether *New project* is open to them: Django's permissions are looked up for staff alone."""
    by_permission = user.is_staff and user.has_perm("labeling.add_project")
    return by_permission or makes_projects_as_a_manager(user.pk)


def rights_of(user: User, project: Project) -> set[str]:
    """All rights of `user` in a project that they may see, to show only links that lead somewhere."""
    if user.is_superuser:
        return {right.value for right in Right}
    role = Membership.objects.in_force().filter(user=user, project=project).values_list("role", flat=True).first()
    return {right.value for right in ROLE_RIGHTS.get(role or "", set())}


def page_context(request: HttpRequest, project: Project, section: str, **context: Any) -> dict[str, Any]:
    """The context that every page of a project needs."""
    return {"project": project, "section": section, "rights": rights_of(person(request), project), **context}


def polls(request: HttpRequest) -> bool:
    """HTMX asks, for the part of a page that changes, not for the whole."""
    return bool(request.htmx)  # type: ignore[attr-defined]  # set by django-htmx


def part_of_page(response: HttpResponse) -> HttpResponse:
    """Mark an answer that HTMX may put into its page whatever its status; others of an error stay out of it."""
    response["X-Page-Part"] = "yes"
    return response


@contextmanager
def problems_as_messages(request: HttpRequest) -> Iterator[None]:
    """Say what a service refused as a message on the next page."""
    try:
        yield
    except (ProblemError, PermissionDenied) as error:
        messages.error(request, str(error))
