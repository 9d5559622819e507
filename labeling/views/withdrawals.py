"""Withdraw a sample from every use, and bring it back: one page that asks first, and why."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from labeling import services
from labeling.access import Right, project_for
from labeling.forms import ReasonForm
from labeling.models import Sample
from labeling.views.base import actor, page_context, person, problems_as_messages

_DONE = {
    "withdraw": "Withdrawn: nothing uses this sample from now on.",
    "restore": "Brought back: the sample is used again as it was.",
}
VERBS = {"withdraw": services.withdraw_sample, "restore": services.restore_sample}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, key: str, uid: UUID, verb: str) -> HttpResponse:
    """Ask for the reason (to bring back it may be left out); a POST does what `verb` says."""
    project = project_for(person(request), key, Right.MANAGE)
    sample = get_object_or_404(Sample.objects.select_related("project").filter(project=project), uid=uid)
    form = ReasonForm(request.POST if request.method == "POST" else None, required=verb == "withdraw")
    if not form.is_valid():
        context = page_context(request, project, "samples", sample=sample, form=form, verb=verb)
        return render(request, "labeling/withdraw.html", context, status=400 if form.errors else 200)
    with problems_as_messages(request):
        VERBS[verb](actor(request), sample, form.cleaned_data["reason"])
        messages.success(request, _DONE[verb])
    return redirect("labeling:sample", key, uid)
