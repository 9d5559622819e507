"""A request id in every log line and response; a limit to what a request waits for; a word to whoever asked for work
that could not be sent.
"""

import logging
import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from common.patience import Crowd, among, within
from common.queue import watch_unsent
from common.request_id import request_id
from config import content_policy

_ACCEPTABLE = re.compile(r"[\w.-]{1,64}")


class RequestIdMiddleware:
    """Take `X-Request-ID` from the caller, or make one; answer with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        current = given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(current)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = current
        return response


class PatienceMiddleware:
    """A request waits WEB_PATIENCE seconds for model servers in all, and only MODEL_CALLS of a process do so at once.

    The other threads keep serving pages, whatever hangs. Predictions and moves, which may take longer, set limits of
    their own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.crowd = Crowd(settings.MODEL_CALLS)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with within(settings.WEB_PATIENCE), among(self.crowd):
            return self.get_response(request)


class PrivateAnswersMiddleware:
    """No browser and no proxy keeps what we say: it holds customers' texts. The admin has a content policy of its own.

    Files below /static/ are answered before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Cache-Control"] = "no-store"
        if request.resolver_match and request.resolver_match.app_name == "admin":
            response._csp_config = content_policy.ADMIN  # type: ignore[attr-defined]  # as csp's decorators do
        return response


class UnsentWorkMiddleware:
    """Say on the page, and in a header, that work was kept while the queue did not take its message."""

    sentence = "It is kept, but the queue does not answer now. Work starts by itself within minutes of its return."

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        unsent = watch_unsent()
        response = self.get_response(request)
        if unsent:
            if not request.path.startswith("/api/"):
                messages.warning(request, self.sentence)
            response["X-Unsent-Tasks"] = ", ".join(sorted(set(unsent)))
        return response


class RequestIdFilter(logging.Filter):
    """Put the current request id on each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
