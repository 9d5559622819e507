"""What a page says to whoever may not do something: why not, and who can help."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware import csrf
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from labeling.access import Right, projects_for
from labeling.queries import who_helps
from labeling.views.base import person, rights_of

NO_COOKIE = "The browser sent no cookie with it: cookies are blocked for this address, or were deleted."
ELSEWHERE = "It came from another address than this one. Behind a proxy, CSRF_TRUSTED_ORIGINS has to name the address."
TOO_OLD = "Its page is out of date: somebody logged in or out in another tab since it was opened."


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The reason, with the names of those who can change it; a script gets both as a sentence."""
    sentence = str(exception) or "Your role does not allow it."
    context: dict[str, Any] = {"sentence": sentence}
    if request.user.is_authenticated:
        key = request.resolver_match.kwargs.get("key", "") if request.resolver_match else ""
        context["project"] = project = projects_for(request.user).filter(key=key).first()
        context["rights"] = rights_of(person(request), project) if project else set()
        context["helpers"] = helpers = who_helps(project)
        sentence = f"{sentence} {helpers.sentence}".strip()
    return _refused(request, "403.html", sentence, "rights", context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: what may be the cause, and how nothing typed is lost."""
    sentence = TOO_OLD
    if reason == csrf.REASON_NO_CSRF_COOKIE:
        sentence = NO_COOKIE
    elif "rigin" in reason or "eferer" in reason:
        sentence = ELSEWHERE
    return _refused(request, "403_csrf.html", sentence, "csrf", {"sentence": sentence})


@never_cache
def admin_login(request: HttpRequest) -> HttpResponse:
    """The admin has no log-in of its own: strangers use the site's, and who is not on the staff learns why not."""
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        wanted = reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(wanted)
    if admin.site.has_permission(request):
        return HttpResponseRedirect(wanted)
    reason = f"The admin is for staff, and {request.user.get_username()} is not."
    managed = [str(project.name) for project in projects_for(request.user, Right.MANAGE).order_by("name")[:5]]
    if managed:
        reason += f" Members and labels of {', '.join(managed)} are changed on the project's own pages."
    raise PermissionDenied(reason)


def _refused(request: HttpRequest, template: str, sentence: str, problem: str, context: dict[str, Any]) -> HttpResponse:
    """A page for a person; for a script the sentence alone, and what kind of refusal it is."""
    if getattr(request, "htmx", False):
        response = HttpResponse(sentence, status=403, content_type="text/plain; charset=utf-8")
    else:
        response = render(request, template, context, status=403)
    response["X-Problem"] = problem
    return response
