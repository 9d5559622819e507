"""What the pages share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from labeling.access import ROLE_RIGHTS, Right
from labeling.models import Membership, Project, User
from labeling.problems import ProblemError


def person(request: HttpRequest) -> User:
    """Who is logged in; pages are `login_required`."""
    return cast(User, request.user)


def rights_of(user: User, project: Project) -> set[str]:
    """All rights of `user` in a project that they may see, to show only links that lead somewhere."""
    if user.is_superuser:
        return {right.value for right in Right}
    role = Membership.objects.filter(user=user, project=project).values_list("role", flat=True).first()
    return {right.value for right in ROLE_RIGHTS.get(role or "", set())}


def page_context(request: HttpRequest, project: Project, section: str, **context: Any) -> dict[str, Any]:
    """The context that every page of a project needs."""
    return {"project": project, "section": section, "rights": rights_of(person(request), project), **context}


@contextmanager
def problems_as_messages(request: HttpRequest) -> Iterator[None]:
    """Say what a service refused as a message on the next page."""
    try:
        yield
    except (ProblemError, PermissionDenied) as error:
        messages.error(request, str(error))
