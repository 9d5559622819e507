"""One's own account: the password, where one is logged in, how one reviews, the tokens that act in one's name."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from common.problems import ProblemError
from labeling import services
from labeling.forms_desk import DeskForm
from labeling.login.forms import ChangePasswordForm
from labeling.models import User
from labeling.review_keys import keys_of
from labeling.views.base import actor, person


class EndForm(forms.Form):
    """Which session is to end; none of them means all others."""

    session = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Password, sessions and tokens; a POST ends one session, or all others."""
    if request.method == "POST":
        return _end(request)
    return _page(request, _desk(person(request)))


def _page(request: HttpRequest, desk: DeskForm, status: int = 200) -> HttpResponse:
    context = {
        "form": ChangePasswordForm(user=person(request)),
        "sessions": services.sessions_of(person(request)),
        "current": request.session.session_key,
        "tokens": services.tokens_of(person(request)).filter(revoked_at=None),
        "now": timezone.now(),
        "desk": desk,
    }
    return render(request, "account/account.html", context, status=status)


def _desk(user: User) -> DeskForm:
    return DeskForm(initial=keys_of(user.review_keys) | {"advances": user.advances})


@login_required
@require_POST
def reviewing(request: HttpRequest) -> HttpResponse:
    """One's own keys of the review page, and whether choosing one label saves at once."""
    form = DeskForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 400)
    keys = keys_of({}) if "reset" in request.POST else form.keys
    try:
        services.save_desk(actor(request), person(request), keys=keys, advances=form.cleaned_data["advances"])
    except ProblemError as problem:
        form.add_error(None, str(problem))
        return _page(request, form, problem.problem_status)
    messages.success(request, "Saved: this is how you review from now on.")
    return redirect("account")


def _end(request: HttpRequest) -> HttpResponse:
    form, user, own = EndForm(request.POST), person(request), str(request.session.session_key)
    if not form.is_valid():
        messages.error(request, "There is no such session.")
        return redirect("account")
    number = form.cleaned_data["session"]
    if number is None:
        ended = services.end_sessions(actor(request), user, keep=own)
        messages.success(request, f"{ended} other session{'' if ended == 1 else 's'} ended.")
    elif any(row.pk == number and row.session_key == own for row in services.sessions_of(user)):
        messages.info(request, "This is the session that you are using: log out to end it.")
    elif services.end_session(actor(request), user, number):
        messages.success(request, "The session has ended.")
    else:
        messages.info(request, "That session had ended already.")
    return redirect("account")
