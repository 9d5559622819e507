"""Comments on samples, and who is asked to look."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling import services
from labeling.access import Right, project_for
from labeling.forms_desk import CommentForm
from labeling.models import Mention, Project, Sample, User
from labeling.querysets import capped_count
from labeling.views.base import actor, person, polls, problems_as_messages


def open_mentions(user: User, project: Project) -> QuerySet[Mention]:
    """Where somebody is asked to look and has not said that they have, newest first."""
    rows = Mention.objects.filter(user=user, seen_at=None, comment__sample__project=project)
    return rows.select_related("comment__sample", "comment__author").order_by("-id")


@login_required
@require_POST
def comment(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Say something about a sample."""
    project = project_for(person(request), key, Right.REVIEW)
    sample = get_object_or_404(Sample.objects.select_related("project").filter(project=project), uid=uid)
    form = CommentForm(request.POST)
    if form.is_valid():
        with problems_as_messages(request):
            said = services.comment(actor(request), sample, form.cleaned_data["text"])
            asked = ", ".join(str(mention.user) for mention in said.mentions.select_related("user"))
            messages.success(request, f"Commented.{f' Asked to look: {asked}.' if asked else ''}")
            return redirect("labeling:sample", key, uid)
    else:
        messages.error(request, f"Not saved: {form.errors['text'][0]}")
    # Nothing typed is lost: the page shows it in its field again.
    request.session["comment"] = {str(uid): request.POST.get("text", "")[:4000]}
    return redirect("labeling:sample", key, uid)


@login_required
@never_cache
@require_safe
def mentions(request: HttpRequest, key: str) -> HttpResponse:
    """How many comments wait for this person: a part of the review page, asked for after it has come."""
    project = project_for(person(request), key, Right.REVIEW)
    if not polls(request):
        return redirect(f"{reverse('labeling:mine', args=[key])}#asked")
    context = {"project": project, "waiting": capped_count(open_mentions(person(request), project), 99)}
    return render(request, "labeling/partials/mentions.html", context)


@login_required
@require_POST
def seen(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """This person has looked."""
    project = project_for(person(request), key, Right.REVIEW)
    rows = Mention.objects.filter(user=person(request), comment__sample__project=project)
    mention = get_object_or_404(rows.select_related("comment__sample__project"), uid=uid)
    with problems_as_messages(request):
        services.answer_mention(actor(request), mention)
    return redirect(f"{reverse('labeling:mine', args=[key])}#asked")


@login_required
@never_cache
@require_safe
def names(request: HttpRequest, key: str) -> HttpResponse:
    """The members who can be asked, as choices of a field; asked for when somebody begins to write there."""
    project = project_for(person(request), key, Right.REVIEW)
    others = [user for user in services.members_of(project) if user.pk != person(request).pk]
    return render(request, "labeling/partials/names.html", {"members": others})
