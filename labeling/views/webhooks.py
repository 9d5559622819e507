"""Webhooks of a project, for its managers: addresses, secrets, and the log of what was sent."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from common.problems import ProblemError
from labeling.access import Right, project_for
from labeling.forms_news import WebhookForm
from labeling.models import Delivery, Project, Webhook
from labeling.news import KINDS
from labeling.services.news import webhooks as services
from labeling.views import shown_once
from labeling.views.base import actor, page_context, person, problems_as_messages

PAGE = 30
_SECRET = "webhook"  # noqa: S105  the name of what is shown, no secret


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest, key: str) -> HttpResponse:
    """All webhooks; a POST adds one, whose page shows its secret, once."""
    project = project_for(person(request), key, Right.MANAGE)
    form = WebhookForm(request.POST or None, initial={"kinds": list(KINDS)})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_webhook(actor(request), project, form.cleaned_data["url"], form.cleaned_data["kinds"])
            return _to_its_secret(request, made)
        except ProblemError as error:
            form.add_error("url", str(error))
    rows = [(each, each.deliveries.first()) for each in project.webhooks.all()]
    context = page_context(request, project, "webhooks", rows=rows, form=form, most=services.MOST)
    return render(request, "labeling/webhooks.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One webhook with its log, or its new secret, once; a POST changes its address and its kinds of news."""
    project, row = _found(request, key, uid)
    if shown_once.take(request, _SECRET) == str(uid):
        context = page_context(request, project, "webhooks", webhook=row, secret=row.secret())
        return render(request, "labeling/webhook_secret.html", context)
    form = WebhookForm(request.POST or None, initial={"url": row.url, "kinds": row.kinds})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_webhook(actor(request), row, form.cleaned_data["url"], form.cleaned_data["kinds"])
            messages.success(request, "Kept: it holds from the next message on.")
            return redirect("labeling:webhook", key, uid)
        except ProblemError as error:
            form.add_error("url", str(error))
    before = request.GET.get("before", "")
    paged = before.isdecimal() and len(before) < 19
    log = row.deliveries.select_related("news")
    found = list((log.filter(id__lt=int(before)) if paged else log)[: PAGE + 1])
    context = page_context(
        request, project, "webhooks",
        webhook=row, form=form, rows=found[:PAGE], first_page=not paged,
        more=found[PAGE - 1].pk if len(found) > PAGE else None,
        stale=row.fingerprint != row.fingerprint_now(),
        both=len(row.secrets()) > 1,
    )  # fmt: skip
    return render(request, "labeling/webhook.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def rotate(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """A new secret, which the next page shows, once."""
    _, row = _found(request, key, uid)
    with problems_as_messages(request):
        services.rotate_secret(actor(request), row)
        return _to_its_secret(request, row)
    return redirect("labeling:webhook", key, uid)


@login_required
@require_POST
def switch(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Switch it off, or on again: whatever it is not."""
    _, row = _found(request, key, uid)
    with problems_as_messages(request):
        on = not row.is_active
        services.switch_webhook(actor(request), row, on=on)
        messages.success(request, "News are sent there again." if on else "Nothing is sent there any more.")
    return redirect("labeling:webhook", key, uid)


@login_required
@require_POST
def test(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Have a message of no news sent."""
    _, row = _found(request, key, uid)
    with problems_as_messages(request):
        services.send_test(actor(request), row)
        messages.success(request, "A test message is on its way: the log says what came of it.")
    return redirect("labeling:webhook", key, uid)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Ask; a POST removes it with its log."""
    project, row = _found(request, key, uid)
    if request.method != "POST":
        context = page_context(request, project, "webhooks", webhook=row)
        return render(request, "labeling/remove_webhook.html", context)
    services.remove_webhook(actor(request), row)
    messages.success(request, "The webhook is removed.")
    return redirect("labeling:webhooks", key)


@login_required
@require_POST
def send_again(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Have a message sent once more."""
    project = project_for(person(request), key, Right.MANAGE)
    rows = Delivery.objects.filter(webhook__project=project).select_related("webhook__project")
    row = get_object_or_404(rows, uid=uid)
    with problems_as_messages(request):
        services.send_again(actor(request), row)
        messages.success(request, "It is sent again, with the same id: the log says what came of it.")
    return redirect("labeling:webhook", key, row.webhook.uid)


def _found(request: HttpRequest, key: str, uid: UUID) -> tuple[Project, Webhook]:
    project = project_for(person(request), key, Right.MANAGE)
    return project, get_object_or_404(Webhook.objects.filter(project=project).select_related("project"), uid=uid)


def _to_its_secret(request: HttpRequest, row: Webhook) -> HttpResponse:
    """To the page that shows it, so that a page that is loaded again adds and makes nothing."""
    shown_once.keep(request, _SECRET, str(row.uid))
    return redirect("labeling:webhook", row.project.key, row.uid)
