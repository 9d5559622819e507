"""Every REST error as problem+json (RFC 9457). Apart from `config.api`, which DRF's views import while they load."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, JsonResponse
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"
_KEPT_HEADERS = {"retry-after", "www-authenticate"}


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error as `application/problem+json`: type, title, status, detail, and `errors` by field where it has any.

    Errors of services that carry `status_code` and a sentence (a `ProblemError`) keep both.
    """
    found = _problem_of(error, context)
    request = context.get("request")
    if found is not None and request is not None:
        # Whatever else a view can write (YAML, a page), a problem is JSON.
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    return found


def problem(code: int, detail: str) -> JsonResponse:
    """The same outside REST's views: an address that leads nowhere, a failure before any view or in one."""
    return JsonResponse(_body(code, detail, None), status=code, content_type=CONTENT_TYPE)


def _problem_of(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    headers = getattr(error, "headers", {})
    code: int | None = getattr(error, "problem_status", None)
    if code is not None:
        return _response(code, str(error), {}, headers)
    if isinstance(error, (Http404, PermissionDenied)) and error.args:
        code = status.HTTP_404_NOT_FOUND if isinstance(error, Http404) else status.HTTP_403_FORBIDDEN
        return _response(code, str(error.args[0]), {}, headers)
    response = exception_handler(error, context)
    if response is None:
        return None
    data = response.data
    if isinstance(data, dict) and set(data) == {"detail"}:
        return _response(response.status_code, str(data["detail"]), {}, dict(response.headers))
    fields = data if isinstance(data, dict) else {"non_field_errors": data}
    return _response(response.status_code, "The request has errors; see `errors`.", fields, dict(response.headers))


def _body(code: int, detail: str, errors: Any) -> dict[str, Any]:
    body = {"type": "about:blank", "title": HTTPStatus(code).phrase, "status": code, "detail": detail}
    return body | ({"errors": errors} if errors else {})


def _response(code: int, detail: str, errors: Any, headers: dict[str, str]) -> Response:
    kept = {name: value for name, value in headers.items() if name.lower() in _KEPT_HEADERS}
    return Response(_body(code, detail, errors), status=code, content_type=CONTENT_TYPE, headers=kept)
