"""A session that ends while a page is open: said as such to the page, and taken up again beside it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

SAFE = ("GET", "HEAD", "OPTIONS")


class LostSessionMiddleware:
    """Where the log-in page would come in place of an answer, say so: 401 to a script, a message after a form.

    A script would put that page into the middle of its own; a form's address may take no GET after the log-in.
    """

    sentence = "You were logged out, so nothing was saved. Log in, then send it again."

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 302 or urlsplit(response["Location"]).path != resolve_url(settings.LOGIN_URL):
            return response
        if request.htmx or not request.accepts("text/html"):  # type: ignore[attr-defined]  # set by django-htmx
            return HttpResponse(self.sentence, status=401, content_type="text/plain; charset=utf-8")
        left = request.path == resolve_url("logout")
        if left or request.method in SAFE or request.user.is_authenticated:
            return response
        messages.warning(request, self.sentence)
        return redirect_to_login(_page_of(request))


def _page_of(request: HttpRequest) -> str:
    """The page that a form was on; the first page where the browser does not say."""
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return urlsplit(came_from)._replace(scheme="", netloc="", fragment="").geturl()


@never_cache
@require_safe
def session(request: HttpRequest) -> JsonResponse:
    """Who is logged in, and a CSRF token that holds now, for a page that is open for long; 401 where nobody is."""
    if not request.user.is_authenticated:
        return JsonResponse({"detail": "Nobody is logged in."}, status=401)
    return JsonResponse({"user": request.user.get_username(), "token": get_token(request)})


@login_required
@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """Where a log-in beside an open page ends."""
    return render(request, "back.html")


class AskingLogoutView(LogoutView):
    """Log out by POST; whoever comes by a link is asked first."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return render(request, "logout.html") if request.user.is_authenticated else redirect(settings.LOGIN_URL)
