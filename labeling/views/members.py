"""Who works in a project, for its managers."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from labeling import services
from labeling.access import Right, project_for
from labeling.forms import MemberForm
from labeling.models import Membership, Project, Role
from labeling.views.base import actor, page_context, person, problems_as_messages


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, key: str) -> HttpResponse:
    """The members with their roles; a POST adds or changes one."""
    project = project_for(person(request), key, Right.MANAGE)
    if request.method == "POST":
        with problems_as_messages(request):
            _change(request, project)
        return redirect("labeling:members", key)
    rows = project.memberships.select_related("user").order_by("user__username")
    context = page_context(request, project, "members", members=rows, form=MemberForm(), roles=Role.choices)
    return render(request, "labeling/members.html", context)


@login_required
@require_POST
def remove(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Take a member's role away."""
    project = project_for(person(request), key, Right.MANAGE)
    membership = get_object_or_404(Membership.objects.select_related("user").filter(project=project), uid=uid)
    with problems_as_messages(request):
        services.remove_member(actor(request), project, membership)
        messages.success(request, f"{membership.user} has no role in this project any more.")
    return redirect("labeling:members", key)


def _change(request: HttpRequest, project: Project) -> None:
    form = MemberForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give a user name and a role.")
        return
    row = services.set_role(actor(request), project, form.cleaned_data["username"], form.cleaned_data["role"])
    messages.success(request, f"{row.user} is now {row.get_role_display()}.")
