"""Every REST error as problem+json (RFC 9457). Apart from `config.api`, which DRF's views import while they load."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error as `application/problem+json`: type, title, status, detail, and `errors` by field where it has any.

    Errors of services that carry `status_code` and a sentence (a `ProblemError`) keep both.
    """
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    headers = getattr(error, "headers", {})
    code: int | None = getattr(error, "problem_status", None)
    if code is not None:
        return _problem(code, str(error), {}, headers)
    if isinstance(error, (Http404, PermissionDenied)) and error.args:
        code = status.HTTP_404_NOT_FOUND if isinstance(error, Http404) else status.HTTP_403_FORBIDDEN
        return _problem(code, str(error.args[0]), {}, headers)
    response = exception_handler(error, context)
    if response is None:
        return None
    data = response.data
    if isinstance(data, dict) and set(data) == {"detail"}:
        return _problem(response.status_code, str(data["detail"]), {}, dict(response.headers))
    fields = data if isinstance(data, dict) else {"non_field_errors": data}
    return _problem(response.status_code, "The request has errors; see `errors`.", fields, dict(response.headers))


def _problem(code: int, detail: str, errors: Any, headers: dict[str, str]) -> Response:
    title = {400: "Bad request", 401: "Not authenticated", 403: "Forbidden", 404: "Not found", 409: "Conflict"}
    body = {"type": "about:blank", "title": title.get(code, "Error"), "status": code, "detail": detail}
    kept = {name: value for name, value in headers.items() if name.lower() in {"retry-after", "www-authenticate"}}
    return Response(
        body | ({"errors": errors} if errors else {}),
        status=code,
        content_type="application/problem+json",
        headers=kept,
    )
