"""A verb on a sample that wants a reason: one page that asks first, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from common.actor import Actor
from labeling.access import Right, project_for
from labeling.forms import ReasonForm
from labeling.models import Sample
from labeling.views.base import actor, page_context, person, problems_as_messages


@dataclass(frozen=True)
class Verb:
    """The service, what is said once it is done, and whether the reason may be left out."""

    service: Callable[[Actor, Sample, str], object]
    done: str
    needs_reason: bool


def ask_why(request: HttpRequest, key: str, uid: UUID, name: str, verb: Verb, template: str) -> HttpResponse:
    """The question, for those who manage the project; a POST with a reason does what the verb says."""
    project = project_for(person(request), key, Right.MANAGE)
    sample = get_object_or_404(Sample.objects.select_related("project").filter(project=project), uid=uid)
    form = ReasonForm(request.POST if request.method == "POST" else None, required=verb.needs_reason)
    if not form.is_valid():
        context = page_context(request, project, "samples", sample=sample, form=form, verb=name)
        return render(request, template, context, status=400 if form.errors else 200)
    with problems_as_messages(request):
        verb.service(actor(request), sample, form.cleaned_data["reason"])
        messages.success(request, verb.done)
    return redirect("labeling:sample", key, uid)
