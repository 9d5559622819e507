"""What the description says of an operation, from what its view says: docstrings, rights and throttles."""

import inspect
from typing import Any

from django.conf import settings
from rest_framework.mixins import ListModelMixin
from rest_framework.views import APIView

from labeling.access import ROLE_RIGHTS
from labeling.models import Scope
from labeling.rest import Door, ProjectDoor

_METHODS = ("get", "post", "put", "patch", "delete")


def summary(view: type[APIView], method: str) -> str:
    """One line: of a view with one method its own first line, of one with more the method's."""
    return _said(view, method)[0]


def description(view: APIView, method: str, *, sends: bool) -> list[str]:
    """Paragraphs: what else is said of it, who gets through, how much is taken. `sends`: there is a body."""
    body = f"The body holds at most {settings.API_MAX_BODY_BYTES:,} bytes." if sends else ""
    return [_said(type(view), method)[1], _who(view, method), f"{_rate(view)} {body}".strip()]


def limits(view: APIView, method: str) -> dict[str, Any]:
    """The limits by name: requests of one caller, bytes of a body, rows of a page."""
    found: dict[str, Any] = {"rate": [throttle.rate for throttle in view.get_throttles() if hasattr(throttle, "rate")]}
    if method in ("POST", "PUT", "PATCH"):
        found["body_bytes"] = settings.API_MAX_BODY_BYTES
    if method == "GET" and isinstance(view, ListModelMixin) and isinstance(view, Door):
        pages: Any = view.query_of(method)().fields["page_size"]
        found["page_size"] = pages.max_value
    return found


def _said(view: type[APIView], method: str) -> tuple[str, str]:
    """The summary, and the rest."""
    own = inspect.cleandoc(view.__doc__ or "")
    of_method = inspect.cleandoc(getattr(getattr(view, method.lower(), None), "__doc__", None) or "")
    several = sum(hasattr(view, name) for name in _METHODS) > 1
    if several and of_method:
        return _apart(of_method)
    first, rest = _apart(own)
    return first.partition("; ")[0].rstrip(".") + "." if several else first, f"{rest} {of_method}".strip()


def _apart(text: str) -> tuple[str, str]:
    """The first sentence in one line, and what follows it."""
    words = " ".join(text.split("\n\n")[0].split())
    first, point, rest = words.partition(". ")
    more = "\n\n".join(text.split("\n\n")[1:])
    return first + ("." if point else ""), f"{rest}\n\n{more}".strip()


def _who(view: APIView, method: str) -> str:
    if not isinstance(view, Door):
        return "Open to everybody, without a token."
    scopes = type(view).scopes_of(method)
    if not scopes:
        which = "No token is taken: log in."
    elif len(scopes) == len(Scope.values):
        which = "A token of any scope."
    else:
        which = f"Scope of a token: {' or '.join(f'`{scope}`' for scope in scopes)}."
    if not isinstance(view, ProjectDoor):
        return which
    right = view.right_of(method)
    roles = [str(role) for role, rights in ROLE_RIGHTS.items() if right in rights]
    return f"{which} Roles in the project: {', '.join(roles)}."


def _rate(view: APIView) -> str:
    found = []
    for throttle in view.get_throttles():
        count, _, period = str(getattr(throttle, "rate", "")).partition("/")
        if count.isdigit():
            found.append(f"At most {int(count):,} requests a {period} of one caller.")
    return " ".join(found)
