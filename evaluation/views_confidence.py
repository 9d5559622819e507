"""Pages of automatic acceptance: what it promises, what it did, and the way back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from common.problems import ProblemError
from evaluation.acceptance_facts import acceptance_facts, certified
from evaluation.forms import AcceptPolicyForm, DecideForm
from evaluation.models import Acceptance, AcceptPolicy, Certificate
from evaluation.services.certificates import keep_accepted, policy_of, reopen_all
from labeling.access import Right, project_for
from labeling.models import Project
from labeling.services.rows import set_row
from labeling.views.base import actor, page_context, person, problems_as_messages

PAGE = 25
LOOKS = 20


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def auto_accept(request: HttpRequest, key: str) -> HttpResponse:
    """The page; a POST changes the policy."""
    posted = request.method == "POST"
    project = project_for(person(request), key, Right.MANAGE if posted else Right.VIEW)
    form = AcceptPolicyForm(request.POST if posted else None, policy=policy_of(project))
    if posted and form.is_valid():
        try:
            set_row(actor(request), AcceptPolicy, form.values, project=project)
            messages.success(request, "Saved.")
            return redirect("evaluation:auto-accept", project.key)
        except ProblemError as error:
            form.add_error(None, str(error))
    rows = Acceptance.objects.filter(certificate__project=project, is_audit=False)
    rows = rows.select_related("sample", "prediction", "golden", "certificate__version__project")
    before = _before(project, request.GET.get("before", ""))
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    looks = Certificate.objects.filter(project=project).select_related("version__project")[:LOOKS]
    context: dict[str, Any] = {
        "facts": acceptance_facts(project),
        "form": form,
        "accepted": found[:PAGE],
        "more": found[PAGE - 1] if len(found) > PAGE else None,
        "first_page": not before,
        "looks": [(row, certified(row)) for row in looks],
    }
    shown = page_context(request, project, "accept", **context)
    return render(request, "evaluation/auto_accept.html", shown, status=400 if form.errors else 200)


def _before(project: Project, uid: str) -> int | None:
    """The id of the acceptance with this uid, behind which a page begins; None where there is none."""
    try:
        rows = Acceptance.objects.filter(certificate__project=project, uid=UUID(uid))
    except ValueError:
        return None
    return rows.values_list("pk", flat=True).first()


@login_required
@require_POST
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """What becomes of what was accepted: back to review, or left as it is."""
    project = project_for(person(request), key, Right.MANAGE)
    form = DecideForm(request.POST)
    with problems_as_messages(request):
        if not form.is_valid():
            messages.error(request, "Nothing was done: choose what becomes of the answers.")
        elif form.reopens:
            count = reopen_all(actor(request), project)
            messages.success(
                request, f"Nothing more is accepted. To review go back: {count} text{'' if count == 1 else 's'}."
            )
        else:
            keep_accepted(actor(request), project)
            messages.success(request, "The answers stay as they are.")
    return redirect("evaluation:auto-accept", project.key)
