"""The end of a token of one's own: a page that asks first."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from labeling import services
from labeling.views.base import actor, person


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask; a POST revokes. A token of somebody else is not there, for administrators too: the admin has those."""
    token = get_object_or_404(services.tokens_of(person(request)), uid=uid)
    if request.method != "POST":
        return render(request, "account/revoke.html", {"token": token})
    if services.revoke_tokens(actor(request), [token]):
        messages.success(request, f"{token.name} is revoked: whoever uses it is refused from now on.")
    else:
        messages.info(request, f"{token.name} had been revoked already.")
    return redirect("account")
