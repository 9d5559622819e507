"""What one was told, and what one wants to be told of."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from labeling.access import Right, project_for, projects_for
from labeling.forms_news import ReadForm, WishForm
from labeling.news import KINDS
from labeling.notifications import notifications_of
from labeling.services.news.audience import choose_news, mark_read, wishes_of
from labeling.views.base import actor, person

PAGE = 30


@login_required
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """What one was told, newest first, in pages that go by id."""
    user, before = person(request), request.GET.get("before", "")
    rows = notifications_of(user)
    paged = before.isdecimal() and len(before) < 19
    found = list((rows.filter(id__lt=int(before)) if paged else rows)[: PAGE + 1])
    context = {
        "rows": [(row, KINDS[row.news.kind].title if row.news.kind in KINDS else "") for row in found[:PAGE]],
        "more": found[PAGE - 1].pk if len(found) > PAGE else None,
        "first_page": not paged,
        "unread": user.unread_news,
    }
    return render(request, "labeling/notifications.html", context)


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one notification as read, or all of them."""
    form = ReadForm(request.POST)
    if not form.is_valid():
        messages.error(request, "There is no such notification.")
    else:
        uid = form.cleaned_data["uid"]
        count = mark_read(person(request), uid=uid)
        if uid is None:
            messages.success(request, f"{count} marked as read." if count else "All were read already.")
    return redirect("labeling:notifications")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def news_settings(request: HttpRequest) -> HttpResponse:
    """For each project, which news one is told of in the page and by mail; a POST keeps those of one project."""
    user = person(request)
    if request.method == "POST":
        form = WishForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Nothing was kept: tick the boxes of this page.")
            return redirect("news_settings")
        project = project_for(user, form.cleaned_data["project"], Right.VIEW)
        choose_news(actor(request), project, form.wanted())
        messages.success(request, f"Kept for {project.name}.")
        return redirect(f"{reverse('news_settings')}#{project.key}")
    projects = projects_for(user).order_by("name")
    wished = wishes_of(user, projects)
    rows = [(each, [(kind, KINDS[kind], wish) for kind, wish in kinds.items()]) for each, kinds in wished]
    context = {"rows": rows, "mail": settings.MAIL_IS_SET_UP, "address": user.email}
    return render(request, "account/news.html", context)
