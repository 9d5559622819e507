"""Mark a test text as must-pass, and take the mark back: one page that asks first, and why."""

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
    "must_pass": "Marked: from the next judgment on, a version that loses this text is refused.",
    "may_fail": "The mark is taken back: a version may lose this text.",
}
# With the last part of the address.
VERBS = {
    "must_pass": ("must-pass", services.mark_must_pass),
    "may_fail": ("may-fail", services.lift_must_pass),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def must_pass(request: HttpRequest, key: str, uid: UUID, verb: str) -> HttpResponse:
    """Ask for the reason (to take back it may be left out); a POST does what `verb` says."""
    project = project_for(person(request), key, Right.MANAGE)
    sample = get_object_or_404(Sample.objects.select_related("project").filter(project=project), uid=uid)
    form = ReasonForm(request.POST if request.method == "POST" else None, required=verb == "must_pass")
    if not form.is_valid():
        context = page_context(request, project, "samples", sample=sample, form=form, verb=verb)
        return render(request, "labeling/must_pass.html", context, status=400 if form.errors else 200)
    with problems_as_messages(request):
        VERBS[verb][1](actor(request), sample, form.cleaned_data["reason"])
        messages.success(request, _DONE[verb])
    return redirect("labeling:sample", key, uid)
