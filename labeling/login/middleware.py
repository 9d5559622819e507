"""Sessions end by themselves: after a time without anything done, and after a longer time whatever is done."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from labeling import services
from labeling.login.address import address_of
from labeling.login.hashing import BusyError
from labeling.models import User

BEGUN, SEEN = "begun", "seen"
_NOTE_EVERY = 60.0
# These answer without the database, whatever cookie is sent.
_PROBES = ("/livez", "/readyz")
_SAID = {
    "idle": "You were logged out, as nothing was done here for a long time.",
    "absolute": "You were logged out: after some days everybody logs in again.",
}


def begin(session: object) -> None:
    """Somebody has just logged in."""
    session[BEGUN] = session[SEEN] = int(time.time())  # type: ignore[index]  # a session is a dictionary


class SessionLimitsMiddleware:
    """Ends what is over, notes signs of life, and answers in a sentence where too many passwords come at once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.path_info not in _PROBES:
            self._look(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, BusyError):
            return None
        response = render(request, "account/busy.html", {"error": error}, status=error.problem_status)
        for name, value in error.headers.items():
            response[name] = value
        return response

    def _look(self, request: HttpRequest) -> None:
        session, now = request.session, time.time()
        if SESSION_KEY not in session:
            return
        begun, seen = session.get(BEGUN, now), session.get(SEEN, now)
        over = "absolute" if now - begun > settings.SESSION_ABSOLUTE_SECONDS else ""
        over = over or ("idle" if now - seen > settings.SESSION_IDLE_SECONDS else "")
        if over:
            self._end(request, over)
        elif BEGUN not in session:
            begin(session)
        elif now - seen > _NOTE_EVERY and not _polls(request):
            session[SEEN] = int(now)
            services.seen(str(session.session_key), address_of(request))

    def _end(self, request: HttpRequest, why: str) -> None:
        user = User.objects.filter(pk=request.session[SESSION_KEY]).first()
        if user is not None:
            services.expire_session(user, str(request.session.session_key), why)
        request.session.flush()
        if not request.path_info.startswith("/api/"):
            messages.info(request, _SAID[why])


def _polls(request: HttpRequest) -> bool:
    """A page that looks for news by itself is no sign of a person: only what is posted or opened is."""
    scripted = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate" or "HX-Request" in request.headers
    return request.method == "GET" and scripted
