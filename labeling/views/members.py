"""Who works in a project, for its managers: roles with their last days, and people to choose from."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.forms import InviteForm, MemberForm, SearchForm
from labeling.models import Membership, Project, Role
from labeling.views import shown_once
from labeling.views.base import actor, page_context, person, problems_as_messages

LINK = "invitation"
# Of links that nobody can follow any more the newest are listed.
_OLD = 10


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, key: str) -> HttpResponse:
    """The members with their roles, and the links; a POST adds somebody, or changes a role."""
    project = project_for(person(request), key, Right.MANAGE)
    form = MemberForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            row = services.set_role(actor(request), project, **form.cleaned_data)
            until = f" until {row.ends_on}" if row.ends_on else ""
            role = row.get_role_display()
            messages.success(request, f"{row.user} is now {role}{until}.")
            return redirect("labeling:members", key)
        except (ProblemError, PermissionDenied) as problem:
            form.add_error(None, str(problem))
    return members_page(request, project, form=form, status=400 if form.is_bound else 200)


def members_page(
    request: HttpRequest,
    project: Project,
    *,
    form: MemberForm | None = None,
    invite: InviteForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was typed in the form that was not taken: that of a row, where it was about a member."""
    rows = project.memberships.select_related("user").order_by("user__username")
    typed = form.data.get("username", "") if form is not None and form.is_bound else ""
    shown = [(row, form if row.user.get_username() == typed else _form_of(row)) for row in rows]
    is_new = form is not None and not any(each is form for _, each in shown)
    links = project.invitations.select_related("made_by", "used_by")
    context: dict[str, Any] = {
        "members": shown,
        "form": form if is_new else MemberForm(auto_id="add_%s"),
        "refused": form if not is_new and form is not None else None,
        "invite": invite or InviteForm(auto_id="invite_%s"),
        "roles": Role.choices,
        "link": shown_once.take(request, LINK) if status == 200 else "",
        "open_links": links.open(),
        "old_links": links.exclude(pk__in=links.open().values("pk"))[:_OLD],
    }
    return render(request, "labeling/members.html", page_context(request, project, "members", **context), status=status)


def _form_of(row: Membership) -> MemberForm:
    return MemberForm(initial={"role": row.role, "ends_on": row.ends_on}, auto_id=False)


@login_required
@require_safe
def people(request: HttpRequest, key: str) -> HttpResponse:
    """Who could be added, by the beginning of a name, as options for the field that is typed into."""
    project = project_for(person(request), key, Right.MANAGE)
    words = SearchForm({"q": request.GET.get("username", "")}).words
    found = services.people_named(actor(request), project, words)
    return render(request, "labeling/partials/people.html", {"people": found})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Ask; a POST takes a member's role away."""
    project = project_for(person(request), key, Right.MANAGE)
    membership = get_object_or_404(Membership.objects.select_related("user").filter(project=project), uid=uid)
    if request.method != "POST":
        context = page_context(request, project, "members", member=membership, is_self=membership.user == request.user)
        return render(request, "labeling/remove_member.html", context)
    with problems_as_messages(request):
        services.remove_member(actor(request), project, membership)
        messages.success(request, f"{membership.user} has no role in this project any more.")
    if not membership.user.is_superuser and membership.user == request.user:
        return redirect("labeling:home")
    return redirect("labeling:members", key)
