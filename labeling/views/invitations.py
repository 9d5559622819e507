"""Links that invite: made and taken back by managers, followed by whoever was handed one."""

from uuid import UUID

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.forms import InviteForm
from labeling.login.address import address_of
from labeling.login.forms import JoinForm, SignUpForm
from labeling.models import Invitation
from labeling.views import shown_once
from labeling.views.base import actor, person, problems_as_messages
from labeling.views.members import LINK, members_page


@login_required
@require_POST
def invite(request: HttpRequest, key: str) -> HttpResponse:
    """Make a link; the page of the members shows it, once."""
    project = project_for(person(request), key, Right.MANAGE)
    form = InviteForm(request.POST, auto_id="invite_%s")
    if form.is_valid():
        try:
            _, path = services.invite(actor(request), project, **form.cleaned_data)
            shown_once.keep(request, LINK, request.build_absolute_uri(path))
            return redirect("labeling:members", key)
        except (ProblemError, PermissionDenied) as problem:
            form.add_error(None, str(problem))
    return members_page(request, project, invite=form, status=400)


@login_required
@require_POST
def revoke(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Take a link back."""
    project = project_for(person(request), key, Right.MANAGE)
    row = get_object_or_404(Invitation.objects.filter(project=project), uid=uid)
    with problems_as_messages(request):
        if services.revoke_invitation(actor(request), project, row):
            messages.success(request, "The link opens nothing any more.")
        else:
            messages.info(request, "The link had been used, or taken back, already.")
    return redirect("labeling:members", key)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """The page that a link leads to. Its token stands after `#`: a script puts it into the form."""
    kind = JoinForm if request.user.is_authenticated else SignUpForm
    form = kind(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _page(request, form)
    try:
        # Before anything else is looked at: what names are taken here is nobody's business without it.
        invitation = services.invitation_of(str(form.data.get("token", ""))[:200], address_of(request))
        if not form.is_valid():
            return _page(request, form, invitation, status=400)
        return _followed(request, form, invitation)
    except (ProblemError, PermissionDenied) as problem:
        # Unchecked: the errors of a form would say which names are taken.
        typed = kind(initial={name: form.data.get(name, "") for name in ("token", "username")})
        response = _page(request, typed, problem=str(problem), status=getattr(problem, "problem_status", 403))
        for name, value in getattr(problem, "headers", {}).items():
            response[name] = value
        return response


def _followed(request: HttpRequest, form: JoinForm | SignUpForm, invitation: Invitation) -> HttpResponse:
    project = invitation.project
    if isinstance(form, JoinForm):
        services.accept_as(person(request), invitation)
    else:
        said = form.cleaned_data
        user = services.accept_as_new(said["username"], said["password1"], invitation)
        perform_login(request, user)
    messages.success(request, f"Welcome to {project}: {invitation.get_role_display()}.")
    return redirect("labeling:project", project.key)


def _page(
    request: HttpRequest,
    form: JoinForm | SignUpForm,
    invitation: Invitation | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    may_sign_up = settings.INVITED_MAY_SIGN_UP or isinstance(form, JoinForm)
    context = {"form": form, "invitation": invitation, "problem": problem, "may_sign_up": may_sign_up}
    return render(request, "account/invitation.html", context, status=status)
