"""What answers where no view does: pages for people, problem+json below `/api/`."""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from config import refusals
from config.problems import problem

API = "/api/"
_RETRY_SECONDS = 5
_AWAY = "The database does not answer at the moment. What was saved is kept; try again in a few seconds."
_BROKEN = "The server had an error. Its log has it under the X-Request-ID of this response."


class Moved(HttpResponseRedirect):
    """The method and the body stay as they are."""

    status_code = 308


def for_api(request: HttpRequest) -> bool:
    """Whether a program asks. By the path below the prefix under which the application stands."""
    return request.path_info.startswith(API)


@csrf_exempt
def unknown_resource(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Any other address below `/api/`: to the one without a slash at its end where there is such, else a 404."""
    if request.path_info.endswith("/") and _leads_somewhere(request.path_info.rstrip("/")):
        query = request.META.get("QUERY_STRING", "")
        return Moved(request.path.rstrip("/") + (f"?{query}" if query else ""))
    return problem(404, "There is no such resource. GET /api/v1 lists all that there are.")


def _leads_somewhere(path: str) -> bool:
    try:
        return resolve(path).func is not unknown_resource
    except Resolver404:
        return False


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what no view saw, such as a host that is not ours or fields without end."""
    if for_api(request):
        return problem(400, "The request cannot be read.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if for_api(request):
        return problem(403, str(exception) or "You may not do this.")
    return refusals.forbidden(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if for_api(request):
        said = str(exception.args[0]) if isinstance(exception, Http404) and exception.args else "Not found."
        return problem(404, said if not isinstance(exception, Resolver404) else "There is no such resource.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    """503 where the database is away or too busy, else 500; the log has that, under the id of the request.

    Asks nothing of the database, nor who is logged in.
    """
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status, said = (503, _AWAY) if away else (500, _BROKEN)
    response = (
        problem(status, said) if for_api(request) else HttpResponse(render_to_string(f"{status}.html"), status=status)
    )
    if away:
        response["Retry-After"] = _RETRY_SECONDS
    return response
